import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { describeError } from '../../runtime/user-error.ts';
import { AnswerError } from './answer-error.ts';
import { sendRefusal } from './answers.ts';
import type { GateMetrics } from '../metrics.ts';
import { Refusal } from '../refusal.ts';

/** The log's data of a request. It has the method and the token's name, but never a token or other text of the client. */
export interface Account {
  from: string | undefined;
  method: string | undefined;
  route?: string;
  token?: string | undefined;
  selectors?: number;
  socket: Socket;
  startedMs: number;
  bytesBefore: number;
}

interface Books {
  metrics: GateMetrics;
  clock: Clock;
  logger: Logger;
}

export function openAccount({ socket, method }: IncomingMessage, { metrics, clock }: Books): Account {
  metrics.inFlight.inc();
  return {
    from: socket.remoteAddress,
    method: /^[A-Z]{1,16}$/.test(method ?? '') ? method : undefined,
    socket,
    startedMs: clock.nowMs(),
    bytesBefore: socket.bytesWritten,
  };
}

/** Ends the account of an answered request. */
export function closeAccount(account: Account, books: Books): void {
  if (account.route === 'healthz') return books.metrics.inFlight.dec();
  enter(account, 'allowed', '', books);
  books.logger.info(lineOf(account, books, { decision: 'allowed' }), 'allowed');
}

/** Ends the account of a failed or refused request. Sends the refusal, or breaks off an answer that has started. */
export function failAccount(error: unknown, response: ServerResponse, account: Account, books: Books): void {
  const refusal =
    error instanceof Refusal ? error : new Refusal(500, 'the gate is out of order', { cause: error });
  const broken = response.headersSent;
  if (broken) response.destroy();
  else sendRefusal(response, refusal);
  account.token ??= refusal.tokenName;
  const failed = broken || refusal.status >= 500;
  const reason = broken ? (error instanceof AnswerError ? 'answer' : 'upstream') : refusal.reason;
  enter(account, failed ? 'failed' : 'denied', reason, books);
  if (failed) books.metrics.upstreamErrors.inc({ status: refusal.status });
  logFailure(refusal, { broken, failed, reason }, account, books);
}

function enter(
  account: Account,
  result: 'allowed' | 'denied' | 'failed',
  reason: Refusal['reason'] | '',
  { metrics }: Books,
): void {
  const token = account.token ?? '';
  metrics.inFlight.dec();
  metrics.decisions.inc({ token, result, reason });
  metrics.answerBytes.inc({ token }, account.socket.bytesWritten - account.bytesBefore);
}

/** How a request ended. */
interface Outcome {
  decision: 'allowed' | 'denied' | 'failed';
  reason?: Refusal['reason'];
  status?: number;
  why?: string;
}

/** The log line, as one literal object: to spread other objects into it costs more time. */
function lineOf(account: Account, { clock }: Books, outcome: Outcome) {
  return {
    from: account.from,
    method: account.method,
    route: account.route,
    tokenName: account.token === '' ? undefined : account.token,
    selectors: account.selectors,
    bytes: account.socket.bytesWritten - account.bytesBefore,
    durationMs: clock.nowMs() - account.startedMs,
    decision: outcome.decision,
    reason: outcome.reason,
    status: outcome.status,
    why: outcome.why,
  };
}

function logFailure(
  { status, message, cause }: Refusal,
  { broken, failed, reason }: { broken: boolean; failed: boolean; reason: Refusal['reason'] },
  account: Account,
  books: Books,
): void {
  const { logger } = books;
  const line = (outcome: Outcome) => lineOf(account, books, outcome);
  if (!failed) logger.info(line({ decision: 'denied', reason, status, why: message }), 'denied');
  else if (broken)
    logger.warn(line({ decision: 'failed', reason, why: describeError(cause) }), 'an answer broke off');
  else {
    const why = describeError(cause ?? message);
    logger.warn(line({ decision: 'failed', reason, status, why }), 'an answer failed');
  }
}
