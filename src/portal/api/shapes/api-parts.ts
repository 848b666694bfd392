import type { FastifyInstance, FastifyBaseLogger, RawServerDefault } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Clock } from '../../../runtime/clock.ts';
import type { Accounts } from '../../accounts/accounts.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { ReplicaFirst } from '../../ledger/replica-first.ts';
import type { PortalMetrics } from '../../metrics.ts';
import type { Receiver } from '../../remote-write/receiver.ts';
import type { AnswerMemory } from './answer-memory.ts';
import type { SignInParts } from './sign-in-parts.ts';

/** The server, with types from the zod schemas of the routes. */
export type ApiServer = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** The parts of the portal that routes need. */
export interface ApiParts {
  ledger: Ledger;
  /** Answers questions in place of the ledger. */
  replica?: Pick<ReplicaFirst, 'age' | 'answers'> | undefined;
  metrics: PortalMetrics;
  clock: Clock;
  accounts: Accounts;
  /** The requests that came over the owner's socket. */
  ownerRequests?: WeakSet<IncomingMessage> | undefined;
  /** Whether requests from this machine may change accounts and grants. */
  localWrites?: boolean | undefined;
  /** Knows who asks. Without it anyone reads everything. */
  signIn?: SignInParts | undefined;
  /** Receives remote writes. Without it there is no such route. */
  receiver?: Receiver | undefined;
  /** How long a client of a CSV may read nothing; two minutes by default. */
  stalledMs?: number | undefined;
  /** The memory of answers that their clients have not read yet. */
  answerMemory?: AnswerMemory | undefined;
}
