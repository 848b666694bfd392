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
import type { BodyLimits } from './federate-body.ts';
import { GapFiller } from './gap-filler.ts';
import { GateClient } from './gate-client.ts';
import { ALL_ROOM, NoRoomError, type Held, type ReadingsBudget } from './readings-budget.ts';
import { afterSweep, UNTRIED, type SiteHealth, type SweepResult } from './site-health.ts';
import { SweepFailure } from './sweep-failure.ts';

export interface CollectorParts {
  ledger: Pick<Ledger, 'fold' | 'recordFailure' | 'sites' | 'gaps' | 'foldLate'>;
  clock: Clock;
  logger: Logger;
  metrics: PortalMetrics;
  /** In [0, 1). */
  random: () => number;
  limits: BodyLimits;
}

/** The first sweeps of all sites are spread over this time. */
const FIRST_SPREAD_MS = 1000;

/** Sweeps one site: alone, so that no other waits for it. */
export class SiteCollector {
  readonly site: SiteConfig;
  readonly #parts: CollectorParts;
  readonly #client: GateClient;
  readonly #gaps: GapFiller;
  readonly #budget: ReadingsBudget;
  /** Bytes that the last sweep took; 0 where it failed: a site that does not answer must not take room. Undefined before the first. */
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

  /** Sweeps once; joins a sweep that is on its way. Never rejects: what goes wrong is the site's health. */
  async sweep(): Promise<void> {
    this.#sweeping ??= this.#sweepOnce().finally(() => {
      this.#sweeping = undefined;
    });
    await this.#sweeping;
  }

  /** Ends the loop and a request on its way; waits for a fold on its way. */
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

  /** Undefined where the sweep was ended by `close()`. */
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
    const held = await this.#budget.enter(expected);
    try {
      return await this.#fold(await this.#read(held), held);
    } catch (error) {
      if (!(error instanceof NoRoomError)) throw error;
    } finally {
      held.release();
    }
    return await this.#sweepInRoomFor(ALL_ROOM);
  }

  /** What a portal that has just started expects of a site that was read before; nothing where the ledger does not answer. */
  async #metersInLedger(): Promise<number> {
    const sites = await this.#parts.ledger.sites().catch(() => []);
    return sites.find(({ name }) => name === this.site.name)?.meters ?? 0;
  }

  async #read(held: Held): Promise<Sweep> {
    const reader = new SweepReader(sweepOptionsOf(this.site));
    await this.#client.federate(AbortSignal.any([this.#ending.signal, held.signal]), (sample) => {
      reader.add(sample);
      held.grow(reader.bytes);
    });
    this.#expected = reader.bytes;
    return await inTurns(reader.finish(this.#parts.clock.nowMs()), this.#ending.signal);
  }

  async #fold(sweep: Sweep, held: Held): Promise<SweepResult> {
    const { ledger } = this.#parts;
    const signal = AbortSignal.any([this.#ending.signal, held.signal]);
    const tellBytes = (bytes: number) => held.grow((this.#expected ?? 0) + bytes);
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

  /** What the ledger does not take is no fault of the site, but shows at it: nothing of it is counted. */
  async #recordRefusal(reason: string): Promise<SweepResult> {
    const { ledger, clock } = this.#parts;
    const shown = `the ledger did not take the sweep: ${reason}`;
    // A database that is away takes no record of it either.
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
