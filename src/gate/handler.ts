import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import { type Admission, admit, charge, type Peer } from './admission.ts';
import { type AnswerLimits, withinBounds } from './answers/answer-bounds.ts';
import { sendLine } from './answers/answers.ts';
import { type Account, closeAccount, failAccount, openAccount } from './answers/audit.ts';
import type { GateMetrics } from './metrics.ts';
import { Refusal } from './refusal.ts';
import { decideRead, readBody } from './requests/remote-read.ts';
import type { RequestHead } from './requests/request.ts';
import type { GateToken } from './settings/gate-tokens.ts';
import type { Source } from './sources/source.ts';
import { presents } from './tokens/client-certificate.ts';
import type { Limiter } from './tokens/limits.ts';

export interface HandlerOptions {
  source: Source;
  /** The valid tokens; a reload changes them. */
  tokens: () => readonly GateToken[];
  limiter: Limiter;
  metrics: GateMetrics;
  clock: Clock;
  logger: Logger;
  /** Whether answers are opened and checked against the policy. */
  checkAnswers: () => boolean;
  answerLimits: AnswerLimits;
}

/** Answers one request. Never rejects. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export function requestHandler(options: HandlerOptions): Handler {
  const { tokens, limiter, checkAnswers, clock } = options;
  return async (request, response) => {
    // If a source destroys the response, the promise of the source reports why.
    response.on('error', () => undefined);
    const account = openAccount(request, options);
    try {
      const admission = admit(headOf(request), peerOf(request.socket), account, {
        tokens: tokens(),
        limiter,
        checkAnswers: checkAnswers(),
        nowMs: clock.nowMs(),
      });
      if (admission instanceof Refusal) return failAccount(admission, response, account, options);
      await answer(admission, request, response, account, options);
      closeAccount(account, options);
    } catch (error) {
      failAccount(error, response, account, options);
    }
  };
}

function headOf({ method, url, httpVersion, rawHeaders }: IncomingMessage): RequestHead {
  return { method: method ?? '', target: url ?? '', httpVersion, rawHeaders };
}

function peerOf(socket: Socket): Peer {
  return {
    address: socket.remoteAddress,
    encrypted: socket instanceof TLSSocket,
    presents: (certificate) => presents(socket, certificate),
  };
}

async function answer(
  admission: Admission,
  request: IncomingMessage,
  response: ServerResponse,
  account: Account,
  options: HandlerOptions,
): Promise<void> {
  if (admission.route === 'healthz') sendLine(response, 200, 'ok');
  else if (admission.route === 'read') await answerRead(request, response, admission.token, account, options);
  else
    await during(admission.token, response, options, async (signal) => {
      await options.source.federate({ ...admission.asked, signal }, response);
    });
}

async function answerRead(
  request: IncomingMessage,
  response: ServerResponse,
  token: GateToken,
  account: Account,
  options: HandlerOptions,
): Promise<void> {
  const { source, limiter, checkAnswers } = options;
  // A client that is still sending when the connection ends does not receive the refusal.
  const asked = await readBody(request, response);
  const read = source.read?.bind(source);
  if (read === undefined) throw new Refusal(404, 'there is nothing here');
  if (token.rewriting)
    throw new Refusal(403, 'this token cannot read the past: some labels are hidden from it');
  const { queries, answer: form } = decideRead(asked, token.policy, (selectors) =>
    charge(selectors, token, limiter),
  );
  account.selectors = queries.length;
  const allowed = checkAnswers() ? token.policy.allowed : undefined;
  await during(token, response, options, async (signal) =>
    limiter.readInTurn(token.name, token.limits, async () => {
      signal.throwIfAborted();
      await read({ queries, answer: form, allowed, signal }, response);
    }),
  );
}

/** Does the work within the token's concurrency, and within the limits of time and size. */
async function during(
  { name, limits }: GateToken,
  response: ServerResponse,
  { limiter, answerLimits }: HandlerOptions,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const end = limiter.begin(name, limits);
  try {
    await withinBounds(response, answerLimits, work);
  } finally {
    end();
  }
}
