import type { FastifyInstance, FastifyBaseLogger, RawServerDefault } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Clock } from '../../../runtime/clock.ts';
import type { Grant, Ledger } from '../../ledger/ledger.ts';
import type { PortalMetrics } from '../../metrics.ts';
import type { Receiver } from '../../remote-write/receiver.ts';
import type { Untaken } from './untaken.ts';

/** The server as routes see it: with types from their zod schemas. */
export type ApiServer = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** What routes answer from. */
export interface ApiParts {
  ledger: Ledger;
  metrics: PortalMetrics;
  clock: Clock;
  /** The present ones; a reload may change them. */
  grants?: (() => readonly Grant[]) | undefined;
  /** Takes remote writes; without it there is no such route. */
  receiver?: Receiver | undefined;
  /** How long a client may take nothing of a CSV that waits for it; two minutes where it is left out. */
  stalledMs?: number | undefined;
  /** What answers hold in memory until their clients have taken it. */
  untaken?: Untaken | undefined;
}
