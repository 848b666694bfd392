import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import type { ApiServer } from './shapes/api-parts.ts';
import { oneLine } from '../../runtime/user-error.ts';
import { isDatabaseAway } from '../database/database-away.ts';
import { CursorError, HoursGoneError, RefusedQuestionError } from '../ledger/question-errors.ts';
import { ConditionError } from '../accounts/grants/condition.ts';
import { RuleError } from '../accounts/grants/rules.ts';
import { TooManyWaitError } from '../database/turns.ts';
import { ProblemError, RequestError } from './shapes/request-error.ts';

/** Every error is `{"error": "one line"}`. Details of internal errors go only to the log. */
export function answerErrors(server: ApiServer): void {
  server.setErrorHandler(answerError);
  server.setNotFoundHandler(async ({ method, url }, reply) => {
    const path = url.split('?', 1)[0] ?? '';
    await reply.code(404).send({ error: `there is no ${method} ${path.slice(0, 200)}` });
  });
}

/** Answers requests that reach no route, such as one with a path that cannot be decoded. */
export function answerUnroutable(error: FastifyError, _request: FastifyRequest, reply: FastifyReply): void {
  void reply.code(error.statusCode ?? 400).send({ error: oneLine(error.message) });
}

async function answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const status = error.statusCode ?? 500;
  if (reply.raw.destroyed) {
    reply.hijack();
    request.log.debug({ err: error }, 'the client left');
    return;
  }
  if (hasZodFastifySchemaValidationErrors(error))
    return void (await reply.code(400).send({ error: firstIssue(error) }));
  if (error instanceof CursorError)
    return void (await reply.code(400).send({ error: `cursor: ${error.message}` }));
  if (error instanceof HoursGoneError) return void (await reply.code(400).send({ error: error.message }));
  if (error instanceof RefusedQuestionError) return await answerRefusal(error, reply);
  const problem = problemOf(error);
  if (problem !== undefined) return await answerProblem(problem, reply);
  if (error instanceof RequestError || status < 500)
    return void (await reply.code(status).send({ error: oneLine(error.message) }));
  request.log.error({ err: error, path: request.routeOptions.url }, 'a request could not be answered');
  if (isDatabaseAway(error))
    return void (await reply.code(503).send({ error: 'the database does not answer' }));
  await reply.code(500).send({ error: 'the portal could not answer; its log says why' });
}

const REFUSALS = {
  costly: { status: 400, title: 'The answer would be too large' },
  slow: { status: 503, title: 'The answer takes too long' },
  busy: { status: 503, title: 'Too many questions are asked at once' },
  unavailable: { status: 503, title: 'A part of the database is down' },
} as const;

const RETRY_AFTER_SECONDS = 5;

/** Answers a refused question, also in the form of RFC 9457. */
async function answerRefusal({ kind, message }: RefusedQuestionError, reply: FastifyReply): Promise<void> {
  const { status, title } = REFUSALS[kind];
  if (kind === 'busy') reply.header('retry-after', RETRY_AFTER_SECONDS);
  await answerProblem(new ProblemError(status, title, message), reply);
}

const CONDITIONS = {
  failed: { status: 412, title: 'Somebody else has changed it' },
  required: { status: 428, title: 'If-Match is missing' },
  absent: { status: 404, title: 'There is none' },
} as const;

/** The problem of an error that a change of accounts or grants may have. */
function problemOf(error: Error): ProblemError | undefined {
  if (error instanceof ProblemError) return error;
  if (error instanceof RuleError) return new ProblemError(422, 'It breaks a rule', error.message);
  if (error instanceof TooManyWaitError)
    return new ProblemError(503, REFUSALS.busy.title, 'too many requests wait for the database; try again');
  if (!(error instanceof ConditionError)) return undefined;
  const { status, title } = CONDITIONS[error.kind];
  return new ProblemError(status, title, error.message);
}

/** Answers in the form of RFC 9457. */
async function answerProblem(
  { statusCode, title, message }: ProblemError,
  reply: FastifyReply,
): Promise<void> {
  await reply
    .code(statusCode)
    .type('application/problem+json')
    .send({ type: 'about:blank', title, status: statusCode, detail: message, error: message });
}

/** `limit: must be a number from 1 to 10000` */
function firstIssue({ validation }: Pick<FastifyError, 'validation'>): string {
  const issue = validation?.[0];
  const parameter = issue?.instancePath.replace(/^\//, '') ?? '';
  return `${parameter === '' ? '' : `${parameter}: `}${oneLine(issue?.message ?? 'invalid request')}`;
}
