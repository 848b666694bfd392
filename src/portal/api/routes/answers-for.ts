import type { FastifyReply } from 'fastify';
import type { Answers } from '../../ledger/answers.ts';
import type { ApiParts } from '../shapes/api-parts.ts';

/** The age of the read replica, if it answered. */
const REPLICA_AGE = 'replica-age';

/** Answers the questions of one request, and says in a header how many seconds the read replica is behind. */
export function answersFor(reply: FastifyReply, parts: ApiParts): Answers {
  return answersWith(parts, (seconds) => tellReplicaAge(reply, seconds));
}

/** Answers from the read replica if there is one. `tellAge` hears its largest age in seconds, if it answered. */
export function answersWith({ ledger, replica }: ApiParts, tellAge: (seconds: number) => void): Answers {
  if (replica === undefined) return ledger;
  let oldest = 0;
  return replica.answers((seconds) => {
    oldest = Math.max(oldest, seconds);
    tellAge(oldest);
  });
}

export function tellReplicaAge(reply: FastifyReply, seconds: number): void {
  reply.header(REPLICA_AGE, seconds.toFixed(3));
}
