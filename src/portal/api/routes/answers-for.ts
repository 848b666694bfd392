import type { FastifyReply } from 'fastify';
import type { Answers } from '../../ledger/answers.ts';
import type { ApiParts } from '../shapes/api-parts.ts';

/** The age of the read replica, if it answered. */
const REPLICA_AGE = 'replica-age';

/** Answers the questions of one request, and says in a header how many seconds the read replica is behind. */
export function answersFor(reply: FastifyReply, { ledger, replica }: ApiParts): Answers {
  if (replica === undefined) return ledger;
  let oldest = 0;
  return replica.answers((seconds) => {
    oldest = Math.max(oldest, seconds);
    reply.header(REPLICA_AGE, oldest.toFixed(3));
  });
}
