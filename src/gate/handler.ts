import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import { sendLine } from './answers/answers.ts';
import { type Account, closeAccount, failAccount, openAccount } from './answers/audit.ts';
import { includesAddress } from './tokens/client-addresses.ts';
import { presents } from './tokens/client-certificate.ts';
import type { GateToken } from './settings/gate-tokens.ts';
import type { Limiter } from './tokens/limits.ts';
import type { GateMetrics } from './metrics.ts';
import { decide, type Selector } from './policy.ts';
import { Refusal } from './refusal.ts';
import { decideRead, readBody } from './requests/remote-read.ts';
import { extraRequests } from './requests/request-cost.ts';
import {
  acceptsGzip,
  bearerToken,
  type RequestHead,
  type Route,
  routeOf,
  selectorsOf,
  wrongToken,
} from './requests/request.ts';
import type { Source } from './sources/source.ts';
import { checkToken } from './tokens/tokens.ts';

export interface HandlerOptions {
  source: Source;
  /** The tokens that are valid now: they can be reloaded. */
  tokens: () => readonly GateToken[];
  limiter: Limiter;
  metrics: GateMetrics;
  clock: Clock;
  logger: Logger;
  /** Whether answers are opened and held against the policy. */
  checkAnswers: () => boolean;
  /** For a whole answer, however it drips, and however long it is. */
  answerLimits: { timeoutMs: number; maxBytes: number };
}

/** Answers one request. Never rejects. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export function createHandler(options: HandlerOptions): Handler {
  return async (request, response) => {
    // What a source destroys is reported by its promise.
    response.on('error', () => undefined);
    const account = openAccount(request, options);
    try {
      const admitted = admit(request, account, options);
      if (admitted instanceof Refusal) return failAccount(admitted, response, account, options);
      await admitted(response);
      closeAccount(account, options);
    } catch (error) {
      failAccount(error, response, account, options);
    }
  };
}

/** Begins the answer of a request that was admitted. */
type Begin = (response: ServerResponse) => Promise<void> | void;

/**
 * Decides a request by its head. What anybody can make it refuse again and again, a token or a selector, is returned; other refusals
 * are thrown, which costs more: a function that only ever throws is never compiled.
 */
function admit(request: IncomingMessage, account: Account, options: HandlerOptions): Begin | Refusal {
  const head = headOf(request);
  const route = routeOf(head);
  account.route = route.name;
  if (route.name === 'healthz') return (response) => sendLine(response, 200, 'ok');
  const token = authenticate(request, head, options);
  if (token instanceof Refusal) return token;
  account.token = token.name;
  options.limiter.count(token.name, token.limits);
  if (head.httpVersion !== '1.1') checkOldVersion(head, route, request.socket);
  return route.name === 'read'
    ? async (response) => await answerRead(request, response, token, account, options)
    : admitFederation(route.query, head, token, account, options);
}

/**
 * Proxies such as nginx ask in HTTP/1.0, where an answer ends with its connection. One that breaks off shows it by a reset, or in
 * gzip: over TLS, nginx takes a reset for an end. Throws `Refusal`.
 */
function checkOldVersion(head: RequestHead, route: Route, socket: Socket): void {
  if (head.httpVersion !== '1.0' || route.name !== 'federate') throw new Refusal(505, 'HTTP/1.1 is needed');
  if (socket instanceof TLSSocket && !acceptsGzip(head))
    throw new Refusal(505, 'HTTP/1.1 is needed, or gzip');
}

function admitFederation(
  query: string,
  head: RequestHead,
  token: GateToken,
  account: Account,
  options: HandlerOptions,
): Begin | Refusal {
  const selectors = selectorsOf(query, (asked) => charge(asked, token, options));
  account.selectors = selectors.length;
  const decision = decide(selectors, token.policy);
  if (!decision.allowed) return new Refusal(403, decision.reason);
  const opened = options.checkAnswers() || token.rewriting !== undefined;
  const rules = opened ? { allowed: token.policy.allowed, rewriting: token.rewriting } : undefined;
  const asked = { selectors: decision.forwarded, gzip: acceptsGzip(head), rules };
  return async (response) =>
    await during(token, response, options, async (signal) => {
      await options.source.federate({ ...asked, signal }, response);
    });
}

/** Counts what is costly to decide as more than one request, before it is decided. Throws `Refusal`. */
function charge(
  selectors: readonly Selector[],
  { name, limits, policy }: GateToken,
  { limiter }: HandlerOptions,
): void {
  const more = extraRequests(selectors, policy);
  if (more > 0) limiter.count(name, limits, more);
}

async function answerRead(
  request: IncomingMessage,
  response: ServerResponse,
  token: GateToken,
  account: Account,
  options: HandlerOptions,
): Promise<void> {
  // Who is still sending when the connection ends does not hear why.
  const asked = await readBody(request, response);
  const read = options.source.read;
  if (read === undefined) throw new Refusal(404, 'there is nothing here');
  if (token.rewriting) throw new Refusal(403, 'this token reads no past: labels are held back from it');
  const { queries, answer } = decideRead(asked, token.policy, (selectors) =>
    charge(selectors, token, options),
  );
  account.selectors = queries.length;
  const allowed = options.checkAnswers() ? token.policy.allowed : undefined;
  await during(token, response, options, async (signal) =>
    options.limiter.readInTurn(token.name, token.limits, async () => {
      signal.throwIfAborted();
      await read({ queries, answer, allowed, signal }, response);
    }),
  );
}

function headOf({ method, url, httpVersion, rawHeaders }: IncomingMessage): RequestHead {
  return { method: method ?? '', target: url ?? '', httpVersion, rawHeaders };
}

/** The token that the request presents. Whatever is wrong with it, the client is told the same. */
function authenticate(
  { socket }: IncomingMessage,
  head: RequestHead,
  { tokens, clock }: HandlerOptions,
): GateToken | Refusal {
  const check = checkToken(tokens(), bearerToken(head), clock.nowMs());
  if (!check.valid) return check.expired === undefined ? wrongToken() : wrongToken('expired', check.expired);
  const { name, addresses, certificate } = check.token;
  if (addresses && !includesAddress(addresses, socket.remoteAddress)) return wrongToken('address', name);
  if (certificate && !presents(socket, certificate)) return wrongToken('certificate', name);
  return check.token;
}

/** Answers within the token's concurrency, and within the bounds of time and size. */
async function during(
  token: GateToken,
  response: ServerResponse,
  { limiter, answerLimits }: HandlerOptions,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const end = limiter.begin(token.name, token.limits);
  const bounds = watch(response, answerLimits);
  try {
    await work(bounds.signal);
  } catch (error) {
    // Why it was ended says more than how that was noticed.
    throw bounds.signal.aborted && response.headersSent ? bounds.signal.reason : error;
  } finally {
    bounds.end();
    end();
  }
}

/** Aborts when the client is gone, or the answer takes too long or grows too large. */
function watch(response: ServerResponse, { timeoutMs, maxBytes }: HandlerOptions['answerLimits']) {
  const abort = new AbortController();
  const before = response.socket?.bytesWritten ?? 0;
  const onClose = () => {
    // It also closes after a whole answer.
    if (!response.writableFinished) abort.abort(new Error('the client is gone'));
  };
  response.once('close', onClose);
  const timeout = setTimeout(() => abort.abort(new Error('the answer took too long')), timeoutMs);
  const size = setInterval(() => {
    if ((response.socket?.bytesWritten ?? 0) - before > maxBytes)
      abort.abort(new Error('the answer grew too large'));
  }, 200);
  const end = () => {
    clearTimeout(timeout);
    clearInterval(size);
    response.off('close', onClose);
  };
  return { signal: abort.signal, end };
}
