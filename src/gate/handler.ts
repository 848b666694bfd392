import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import { describeError } from '../runtime/user-error.ts';
import { sendLine, sendRefusal } from './answers.ts';
import { decide, type Policy } from './policy.ts';
import { Refusal } from './refusal.ts';
import { acceptsGzip, bearerToken, type RequestHead, routeOf, selectorsOf, wrongToken } from './request.ts';
import type { Source } from './source.ts';
import { checkToken, type Token } from './tokens.ts';

export interface HandlerOptions {
  policy: Policy;
  source: Source;
  /** The tokens that are valid now: they can be reloaded. */
  tokens: () => readonly Token[];
  clock: Clock;
  logger: Logger;
  /** For a whole answer, however it drips. */
  answerTimeoutMs: number;
}

/** What is logged of a request: the token's name, never the token, and nothing else of what the client wrote. */
interface Account {
  from: string | undefined;
  method: string | undefined;
  tokenName?: string;
  selectors?: number;
}

/** Answers one request. Never rejects. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export function createHandler(options: HandlerOptions): Handler {
  return async (request, response) => {
    // What a source destroys is reported by its promise.
    response.on('error', () => undefined);
    const account: Account = { from: request.socket.remoteAddress, method: request.method };
    try {
      await answer(request, response, account, options);
    } catch (error) {
      fail(error, response, account, options.logger);
    }
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  account: Account,
  options: HandlerOptions,
): Promise<void> {
  const head = headOf(request);
  const route = routeOf(head);
  if (route.name === 'healthz') return sendLine(response, 200, 'ok');
  account.tokenName = authenticate(head, options);
  if (head.httpVersion !== '1.1') throw new Refusal(505, 'HTTP/1.1 is needed');
  const selectors = selectorsOf(route.query);
  account.selectors = selectors.length;
  const decision = decide(selectors, options.policy);
  if (!decision.allowed) throw new Refusal(403, decision.reason);
  const signal = endOf(response, options.answerTimeoutMs);
  await options.source.federate({ selectors: decision.forwarded, gzip: acceptsGzip(head), signal }, response);
  options.logger.info({ ...account, decision: 'allowed' }, 'federated');
}

function headOf({ method, url, httpVersion, rawHeaders }: IncomingMessage): RequestHead {
  return { method: method ?? '', target: url ?? '', httpVersion, rawHeaders };
}

function authenticate(head: RequestHead, { tokens, clock, logger }: HandlerOptions): string {
  const check = checkToken(tokens(), bearerToken(head), clock.nowMs());
  if (check.valid) return check.name;
  if (check.expired !== undefined) logger.warn({ tokenName: check.expired }, 'a token has expired');
  throw wrongToken();
}

/** Aborts when the client is gone or the answer takes too long. */
function endOf(response: ServerResponse, timeoutMs: number): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => {
    // It also closes after a whole answer.
    if (!response.writableFinished) gone.abort();
  });
  return AbortSignal.any([gone.signal, AbortSignal.timeout(timeoutMs)]);
}

function fail(error: unknown, response: ServerResponse, account: Account, logger: Logger): void {
  const refusal =
    error instanceof Refusal ? error : new Refusal(500, 'the gate is out of order', { cause: error });
  const broken = response.headersSent;
  if (broken) response.destroy();
  else sendRefusal(response, refusal);
  logFailure(refusal, broken, account, logger);
}

function logFailure(refusal: Refusal, broken: boolean, account: Account, logger: Logger): void {
  const { status, message, cause } = refusal;
  if (status < 500) logger.info({ ...account, decision: 'denied', status, reason: message }, 'denied');
  else if (broken) logger.warn({ ...account, reason: describeError(cause) }, 'an answer broke off');
  else logger.warn({ ...account, status, reason: describeError(cause ?? message) }, 'an answer failed');
}
