import { randomUUID } from 'node:crypto';
import type { Clock } from '../../runtime/clock.ts';
import { LastingFailure } from '../../runtime/lasting-failure.ts';
import type { Logger } from '../../runtime/logger.ts';
import { runRegularly } from '../../runtime/regularly.ts';
import { describeError } from '../../runtime/user-error.ts';
import type { Database } from '../database/database.ts';
import type { Lease } from '../ledger/ledger.ts';
import type { PortalMetrics } from '../metrics.ts';
import {
  releaseLeases,
  removeAllPortals,
  removePortal,
  renewLeases,
  type PortalSites,
  type Round,
} from './lease-store.ts';

export interface LeaseParts {
  database: Database;
  /** Real time, like the database's clock, even if the portal's own clock is simulated. */
  clock: Clock;
  logger: Logger;
  metrics: PortalMetrics;
  /** How long a portal counts as living after its last renewal. */
  durationMs: number;
  /** Whether no other portal can use the database. */
  exclusive: boolean;
  /** Called with the present leases after every change. Resolves once no other site is in use. */
  onChange: (held: ReadonlySet<string>) => Promise<void>;
}

/** The number of renewals in the duration of a lease. */
const ROUNDS_PER_DURATION = 6;

/** Shares the sites with other portals on the same database. */
export class LeaseKeeper {
  /** The name of this portal, new with each start. */
  readonly holder = randomUUID();
  readonly #parts: LeaseParts;
  readonly #ending = new AbortController();
  #sites: PortalSites = { read: [], declared: [] };
  #held: ReadonlySet<string> = new Set();
  #renewedAtMs = 0;
  #rounds: Promise<void> = Promise.resolve();
  #loop: Promise<void> | undefined;

  readonly #declaring: LastingFailure;

  constructor(parts: LeaseParts) {
    this.#parts = parts;
    this.#declaring = new LastingFailure(
      parts.logger,
      {
        failed: 'the ledger could not be told which sites are expected; the leases hold',
        recovered: 'the ledger knows again which sites are expected',
      },
      'warn',
    );
  }

  holds(name: string): boolean {
    return this.#held.has(name);
  }

  leaseOf(name: string): Lease {
    return { name, holder: this.holder };
  }

  /** Takes free leases of these sites, and renews at intervals until `close()`. */
  async start(sites: PortalSites): Promise<void> {
    if (this.#parts.exclusive) await removeAllPortals(this.#parts.database);
    await this.setSites(sites);
    this.#loop ??= this.#renewAtIntervals();
  }

  /** Shares these sites from now on. Calls `onChange` in any case. */
  async setSites(sites: PortalSites): Promise<void> {
    this.#sites = sites;
    await this.#inTurn(async () => await this.#renew(true));
  }

  /** Releases all leases. Their sites must no longer be in use. */
  async close(): Promise<void> {
    this.#ending.abort();
    await this.#loop;
    await this.#rounds;
    await removePortal(this.#parts.database, this.holder);
  }

  async #inTurn(round: () => Promise<void>): Promise<void> {
    const turn = this.#rounds.then(round);
    this.#rounds = turn.catch(() => undefined);
    await turn;
  }

  async #renewAtIntervals(): Promise<void> {
    const { clock, durationMs } = this.#parts;
    const pauseMs = durationMs / ROUNDS_PER_DURATION;
    await runRegularly(async () => await this.#inTurn(async () => await this.#renew(false)), {
      clock,
      signal: this.#ending.signal,
      firstDelayMs: pauseMs,
      delayMs: () => pauseMs,
      onFailure: async (error) => await this.#afterFailure(error),
    });
  }

  async #renew(tellAnyway: boolean): Promise<void> {
    const { database, clock, durationMs } = this.#parts;
    const askedAtMs = clock.nowMs();
    const round = await renewLeases(database, this.holder, this.#sites, durationMs);
    this.#renewedAtMs = askedAtMs;
    this.#noteLosses(round);
    if ('undeclared' in round) this.#declaring.failed(round.undeclared);
    else this.#declaring.succeeded();
    await this.#use(round.held, tellAnyway);
    await releaseLeases(database, this.holder, round.surplus);
  }

  #noteLosses({ held, surplus }: Round): void {
    const { logger, metrics } = this.#parts;
    const lost = [...this.#held].filter((name) => !held.has(name) && !surplus.includes(name));
    if (lost.length === 0) return;
    metrics.leaseLosses.inc(lost.length);
    logger.warn(
      { leases: lost.length },
      'another portal took over leases that this one did not renew in time',
    );
  }

  async #use(held: ReadonlySet<string>, tellAnyway: boolean): Promise<void> {
    const isSame = held.size === this.#held.size && [...held].every((name) => this.#held.has(name));
    this.#held = held;
    if (!isSame || tellAnyway) await this.#parts.onChange(held);
  }

  /** After a lease's duration without a renewal, another portal may read the sites, so this one stops. */
  async #afterFailure(error: unknown): Promise<void> {
    const { clock, logger, durationMs } = this.#parts;
    if (clock.nowMs() - this.#renewedAtMs < durationMs || this.#held.size === 0) return;
    logger.warn(
      { reason: describeError(error) },
      'leases could not be renewed: the portal reads no sites until they are',
    );
    await this.#use(new Set(), false);
  }
}
