import type { FastifyRequest } from 'fastify';
import { QuestionTurns } from '../access/question-turns.ts';
import { TooManyWaitError } from '../database/turns.ts';
import { goneOf, onceOver } from './routes/gone.ts';
import type { ApiServer } from './shapes/api-parts.ts';
import { askerOf } from './shapes/asker-of.ts';
import { ProblemError } from './shapes/request-error.ts';

/** The routes that ask the ledger, or make a long answer. */
const QUESTIONS =
  /^\/api\/v1\/(?:sites|projects|usage(?:\/projects)?|coverage|charges|(?:grants|price-books)(?:\/:name)?)$/;
/** It asks the ledger with a body. */
const WHAT_IF = '/api/v1/charges/what-if';
const RETRY_AFTER_SECONDS = 5;
/** Lists of what the ledger notes beside usage. */
const LISTS = /^\/api\/v1\/(?:corrections|anomalies|refusals|sweeps)$/;

/** Gives each person and token turns of their own, also to check a body. Beyond them the answer is 429. */
export function takeTurns(server: ApiServer): void {
  const turns = new QuestionTurns();
  server.addHook('preValidation', async (request, reply) => {
    const { by, person, who } = askerOf(request);
    if (!isQuestion(request) || by === 'socket') return;
    const gone = goneOf(reply);
    const kind = (request.query as { format?: string }).format === 'csv' ? 'csv' : 'rows';
    const end = await turns.take(person ?? who, kind, gone).catch((error: unknown) => {
      if (!(error instanceof TooManyWaitError)) throw error;
      reply.header('retry-after', RETRY_AFTER_SECONDS);
      throw new ProblemError(429, 'Too many questions', 'too many of your questions wait; ask again later');
    });
    onceOver(reply, end);
  });
}

/** Whether a request asks the ledger. */
export function isQuestion({ method, routeOptions: { url = '' } }: FastifyRequest): boolean {
  return (
    url === WHAT_IF || ((method === 'GET' || method === 'HEAD') && (QUESTIONS.test(url) || LISTS.test(url)))
  );
}
