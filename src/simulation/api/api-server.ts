import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Clock } from '../../runtime/clock.ts';
import { describeError } from '../../runtime/user-error.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { FaultHook } from '../faults.ts';
import type { ApiContext } from './context/api-context.ts';
import { ApiError, type Answer, type ApiRequest } from './context/exchange.ts';
import { answerCinder } from './cinder.ts';
import { answerKeystone } from './keystone/keystone.ts';
import { answerNeutron } from './neutron.ts';
import { answerNova } from './nova/nova.ts';
import { novaCrash } from './nova/nova-errors.ts';
import { answerSwift } from './swift.ts';
import { sendAnswer } from './context/send-answer.ts';

const MAX_BODY_BYTES = 114_688; // Keystone's own limit

export interface ApiServerOptions {
  clock: Clock;
  logger: Logger;
  /** Returns the context of a request. Called for each request. */
  context: () => ApiContext;
  faults: () => FaultHook | undefined;
  /** How far the clock of Nova's API is ahead of `clock`. */
  novaAheadMs: () => number;
}

/** The HTTP server of the simulated APIs: Keystone at `/` and `/v3`, the other services below their names. */
export function createApiServer(options: ApiServerOptions): Server {
  return createServer((message, response) => {
    answerMessage(message, response, options).catch((error: unknown) => {
      options.logger.warn({ path: message.url, reason: describeError(error) }, 'a request broke off');
      response.destroy();
    });
  });
}

async function answerMessage(
  message: IncomingMessage,
  response: ServerResponse,
  options: ApiServerOptions,
): Promise<void> {
  const request = await readRequest(message);
  const { method, path } = request;
  const fault = options.faults()?.({ method, path, query: message.url?.split('?')[1] ?? '' });
  if (fault?.delayMs !== undefined) await options.clock.sleep(fault.delayMs);
  if (fault?.hangs) return;
  if (fault?.cut) response.destroy();
  else sendAnswer(response, answerRequest(request, options), clockOf(request, options), fault);
}

/** The time for the `Date` header of an answer. */
function clockOf({ path }: ApiRequest, { clock, novaAheadMs }: ApiServerOptions): number {
  return clock.nowMs() + (path.startsWith('/compute') ? novaAheadMs() : 0);
}

function answerRequest(request: ApiRequest, { context, logger }: ApiServerOptions): Answer {
  try {
    return serviceOf(request.path)(request, context());
  } catch (error) {
    if (error instanceof ApiError) return error.answer;
    logger.error({ path: request.path, reason: describeError(error) }, 'the simulated API failed');
    return novaCrash('Exception').answer;
  }
}

function serviceOf(path: string): (request: ApiRequest, context: ApiContext) => Answer {
  if (path.startsWith('/compute')) return answerNova;
  if (path.startsWith('/volume/')) return answerCinder;
  if (path.startsWith('/network/')) return answerNeutron;
  if (path.startsWith('/object-store/')) return answerSwift;
  return answerKeystone;
}

async function readRequest(message: IncomingMessage): Promise<ApiRequest> {
  const target = message.url ?? '/';
  const at = target.indexOf('?');
  const path = at < 0 ? target : target.slice(0, at);
  return {
    method: message.method ?? 'GET',
    path: path === '' ? '/' : path,
    query: new URLSearchParams(at < 0 ? '' : target.slice(at + 1)),
    headers: singleHeaders(message),
    body: await readBody(message),
    origin: `http://${message.headers.host ?? 'localhost'}`,
  };
}

function singleHeaders({ headers }: IncomingMessage): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
}

async function readBody(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new Error('the body is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
