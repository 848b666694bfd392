import type { FastifyRequest } from 'fastify';
import { QuestionTurns } from '../access/question-turns.ts';
import { TooManyWaitError } from '../database/turns.ts';
import { goneOf, onceOver } from './routes/gone.ts';
import type { ApiServer } from './shapes/api-parts.ts';
import { askerOf } from './shapes/asker-of.ts';
import { ProblemError } from './shapes/request-error.ts';

/** The routes that ask the ledger. */
const QUESTIONS = /^\/api\/v1\/(?:sites|projects|usage|coverage|grants(?:\/:name)?)$/;
const RETRY_AFTER_SECONDS = 5;

/** Gives each person and token turns of their own. Beyond them the answer is 429. */
export function takeTurns(server: ApiServer): void {
  const turns = new QuestionTurns();
  server.addHook('preHandler', async (request, reply) => {
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

function isQuestion({ method, routeOptions: { url = '' } }: FastifyRequest): boolean {
  return (method === 'GET' || method === 'HEAD') && QUESTIONS.test(url);
}
