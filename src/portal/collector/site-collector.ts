import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { describeError } from '../../runtime/user-error.ts';
import { inTurns } from '../../runtime/in-turns.ts';
import { runRegularly } from '../../runtime/regularly.ts';
import { BYTES_OF_READING, SweepReader } from '../ledger/accounting/sweeps/readings.ts';
import type { Ledger, Sweep } from '../ledger/ledger.ts';
import { countFold, type PortalMetrics } from '../metrics.ts';
import { sweepOptionsOf, type SiteConfig } from '../settings/site-settings.ts';
import { nextSweepDelayMs } from './backoff.ts';
import type { Sample } from '../../prometheus/sample.ts';
import type { BodyLimits } from './federate-body.ts';
import { GapFiller } from './gap-filler.ts';
import { GateClient } from './gate-client.ts';
import { ALL_ROOM, NoRoomError, type Reservation, type ReadingsBudget } from './readings-budget.ts';
import { afterSweep, UNTRIED, type SiteHealth, type SweepResult } from './site-health.ts';
import { SweepFailure } from './sweep-failure.ts';

export interface CollectorParts {
  ledger: Pick<Ledger, 'fold' | 'recordFailure' | 'site' | 'gaps' | 'foldLate'>;
  clock: Clock;
  logger: Logger;
  metrics: PortalMetrics;
  /** In [0, 1). */
  random: () => number;
  limits: BodyLimits;
}

/** The first sweeps of all sites are spread over this time. */
const FIRST_SPREAD_MS = 1000;

/** Sweeps one site, by itself, so that no other site waits for it. */
export class SiteCollector {
  readonly site: SiteConfig;
  readonly #parts: CollectorParts;
  readonly #client: GateClient;
  readonly #gaps: GapFiller;
  readonly #budget: ReadingsBudget;
  /**
   * Bytes of the last sweep; undefined before the first. 0 if it failed: a site that does not answer must not take
   * room.
   */
  #expected: number | undefined;
  readonly #ending = new AbortController();
  #health: SiteHealth = UNTRIED;
  #retryAfterMs: number | undefined;
  #sweeping: Promise<void> | undefined;
  #loop: Promise<void> | undefined;

  constructor(site: SiteConfig, parts: CollectorParts, budget: ReadingsBudget) {
    this.site = site;
    this.#budget = budget;
    this.#parts = {
      ...parts,
      logger: parts.logger.child({ site: site.name }),
    };
    this.#client = new GateClient(site, parts.limits, parts.clock);
    this.#gaps = new GapFiller(site, this.#client, this.#parts);
  }

  get health(): SiteHealth {
    return this.#health;
  }

  /** Starts to sweep at the site's interval, until `close()`. */
  start(): void {
    this.#loop ??= this.#sweepAtIntervals();
  }

  /** Sweeps once, or joins a running sweep. Never rejects: failures show in the site's health. */
  async sweep(): Promise<void> {
    this.#sweeping ??= this.#sweepOnce().finally(() => {
      this.#sweeping = undefined;
    });
    await this.#sweeping;
  }

  /** Ends the loop and a running request. Waits for a running fold. */
  async close(): Promise<void> {
    this.#ending.abort();
    await this.#client.close();
    await this.#loop;
    await this.#sweeping;
  }

  async #sweepAtIntervals(): Promise<void> {
    const { clock, random } = this.#parts;
    await runRegularly(async () => await this.sweep(), {
      clock,
      signal: this.#ending.signal,
      firstDelayMs: random() * Math.min(FIRST_SPREAD_MS, this.site.intervalMs),
      delayMs: () => this.#pauseMs(),
    });
  }

  #pauseMs(): number {
    return nextSweepDelayMs({
      intervalMs: this.site.intervalMs,
      failures: this.#health.failures,
      retryAfterMs: this.#retryAfterMs,
      random: this.#parts.random(),
    });
  }

  async #sweepOnce(): Promise<void> {
    const result = await this.#resultOfSweep();
    if (result === undefined) return;
    const { health, events } = afterSweep(this.#health, result);
    this.#health = health;
    this.#retryAfterMs = result.kind === 'failure' ? result.retryAfterMs : undefined;
    for (const { level, message, fields } of events) this.#parts.logger[level](fields, message);
    this.#count(result);
  }

  /** Undefined if `close()` ended the sweep. */
  async #resultOfSweep(): Promise<SweepResult | undefined> {
    const expected = this.#expected ?? BYTES_OF_READING * (await this.#metersInLedger());
    this.#expected = 0;
    try {
      return await this.#sweepInRoomFor(expected);
    } catch (error) {
      if (this.#ending.signal.aborted) return undefined;
      if (!(error instanceof SweepFailure)) throw error;
      return await this.#recordFailure(error);
    }
  }

  async #sweepInRoomFor(expected: number): Promise<SweepResult> {
    const reservation = await this.#budget.enter(expected, this.#ending.signal);
    try {
      return await this.#fold(await this.#read(reservation), reservation);
    } catch (error) {
      if (!(error instanceof NoRoomError)) throw error;
    } finally {
      reservation.release();
    }
    return await this.#sweepInRoomFor(ALL_ROOM);
  }

  /** The number of meters of the site in the ledger, for the first sweep after a start; 0 if the ledger does not answer. */
  async #metersInLedger(): Promise<number> {
    const status = await this.#parts.ledger.site(this.site.name).catch(() => undefined);
    return status?.meters ?? 0;
  }

  async #read(reservation: Reservation): Promise<Sweep> {
    const reader = new SweepReader(sweepOptionsOf(this.site));
    const take = (sample: Sample) => {
      reader.add(sample);
      reservation.grow(reader.bytes);
    };
    await this.#client.federate(reservation.signal, take, async () => await reservation.turn());
    this.#expected = reader.bytes;
    return await inTurns(reader.finish(this.#parts.clock.nowMs()), this.#ending.signal);
  }

  async #fold(sweep: Sweep, reservation: Reservation): Promise<SweepResult> {
    const { ledger } = this.#parts;
    const { signal } = reservation;
    const tellBytes = (bytes: number) => reservation.grow((this.#expected ?? 0) + bytes);
    try {
      await this.#gaps.before(sweep, signal, tellBytes);
      const outcome = await ledger.fold(this.site.name, sweep);
      await this.#gaps.late(signal, tellBytes);
      return { kind: 'success', outcome, refusals: [...sweep.refusals, ...(outcome.refusals ?? [])] };
    } catch (error) {
      signal.throwIfAborted();
      return await this.#recordRefusal(describeError(error));
    }
  }

  /** Records a failure of the ledger at the site. It is not the site's fault, but the sweep does not count. */
  async #recordRefusal(reason: string): Promise<SweepResult> {
    const { ledger, clock } = this.#parts;
    const shown = `the ledger could not fold the sweep: ${reason}`;
    // If the database is down, the record fails, too.
    await ledger.recordFailure(this.site.name, clock.nowMs(), shown).catch(() => undefined);
    return { kind: 'ledger_failure', reason };
  }

  async #recordFailure({ message: reason, retryAfterMs }: SweepFailure): Promise<SweepResult> {
    try {
      await this.#parts.ledger.recordFailure(this.site.name, this.#parts.clock.nowMs(), reason);
      return { kind: 'failure', reason, retryAfterMs };
    } catch (error) {
      return { kind: 'ledger_failure', reason: describeError(error) };
    }
  }

  #count(result: SweepResult): void {
    const { metrics } = this.#parts;
    const site = this.site.name;
    if (result.kind === 'success') countFold(metrics, site, result.outcome, result.refusals);
    else metrics.sweeps.inc({ site, result: result.kind });
  }
}
