import { BYTES_OF_READING, sweepSteps, type SweepOptions } from '../ledger/accounting/sweeps/readings.ts';
import { rulesOfSite } from '../ledger/accounting/sites/site-rules.ts';
import type { Ledger, Sweep } from '../ledger/ledger.ts';
import { sweepOptionsOf, type SiteConfig } from '../settings/site-settings.ts';
import { describeError } from '../../runtime/user-error.ts';
import type { GateClient } from './gate-client.ts';
import { GapTries } from './gap-tries.ts';
import { sweepOfHistory } from './history.ts';
import { readGap } from './read-gap.ts';
import type { ReadWindow } from './read-windows.ts';
import type { TellBytes } from './remote-read.ts';
import type { Clock } from '../../runtime/clock.ts';
import { inTurns } from '../../runtime/in-turns.ts';
import type { Logger } from '../../runtime/logger.ts';

/** The parts of the portal that a gap filler needs. */
interface GapParts {
  ledger: Pick<Ledger, 'fold' | 'site' | 'gaps' | 'foldLate'>;
  clock: Clock;
  logger: Logger;
}

/** The time between two checks for open gaps that are due again. */
const RETRY_MS = 3_600_000;

/** Asks a site's Prometheus for readings that the portal has missed (rule A8). */
export class GapFiller {
  readonly #site: string;
  /** The longest ordinary pause between readings. A longer pause is a gap. */
  readonly #thresholdMs: number;
  readonly #intervalMs: number;
  readonly #options: SweepOptions;
  readonly #client: Pick<GateClient, 'read'>;
  readonly #parts: GapParts;
  readonly #tries = new GapTries();
  #lastMs: number | undefined;
  #retryAtMs = 0;

  constructor(
    site: Pick<SiteConfig, 'name' | 'intervalMs' | 'poolProjects' | 'memoryUnit'>,
    client: Pick<GateClient, 'read'>,
    parts: GapParts,
  ) {
    this.#site = site.name;
    this.#intervalMs = site.intervalMs;
    this.#options = sweepOptionsOf(site);
    this.#thresholdMs = rulesOfSite(site.intervalMs).gapThresholdMs;
    this.#client = client;
    this.#parts = parts;
  }

  /** Folds the readings in the site's history from before `newest`, in order. Without history the usage is spread. */
  async before(newest: Sweep, signal: AbortSignal, tellBytes?: TellBytes): Promise<void> {
    const toMs = newestOf(newest);
    if (toMs === undefined) return;
    this.#lastMs ??= await this.#lastReadingMs();
    const fromMs = this.#lastMs;
    if (fromMs !== undefined && toMs - fromMs > this.#thresholdMs)
      await this.#readAll(
        [{ fromMs, toMs }],
        async (sweep) => await this.#parts.ledger.fold(this.#site, sweep),
        signal,
        tellBytes,
      );
    // Set only now, so that a sweep that starts again asks again.
    this.#lastMs = Math.max(toMs, fromMs ?? 0);
  }

  /** Corrects usage that was spread earlier with the history that the site has now. Does so about once an hour. */
  async late(signal: AbortSignal, tellBytes?: TellBytes): Promise<void> {
    const { ledger, clock } = this.#parts;
    if (clock.nowMs() < this.#retryAtMs) return;
    this.#retryAtMs = clock.nowMs() + RETRY_MS;
    const gaps = this.#tries.due(await ledger.gaps(this.#site), clock.nowMs());
    await this.#readAll(gaps, async (sweep) => await ledger.foldLate(this.#site, [sweep]), signal, tellBytes);
  }

  /** Undefined if the gate has no history. */
  async #read(window: ReadWindow, signal: AbortSignal, tellBytes: TellBytes): Promise<Sweep | undefined> {
    const samples = await this.#client.read(window, signal, tellBytes);
    if (samples === undefined) return undefined;
    const nowMs = this.#parts.clock.nowMs();
    const steps = sweepOfHistory(samples, nowMs, (scrape) => sweepSteps(scrape, nowMs, this.#options));
    return await inTurns(steps, signal);
  }

  async #lastReadingMs(): Promise<number | undefined> {
    return (await this.#parts.ledger.site(this.#site))?.lastReadingMs;
  }

  async #readAll(
    gaps: readonly { fromMs: number; toMs: number }[],
    fold: (sweep: Sweep) => Promise<unknown>,
    signal: AbortSignal,
    tellBytes?: TellBytes,
  ): Promise<void> {
    const { logger } = this.#parts;
    let readings = 0;
    let hasHistory = true;
    const read = async (window: ReadWindow, beside: number) => {
      const tell: TellBytes = (bytes) => tellBytes?.(bytes + BYTES_OF_READING * beside);
      const sweep = await this.#read(window, signal, tell);
      hasHistory = sweep !== undefined;
      return sweep;
    };
    try {
      for (const gap of gaps) {
        if (!hasHistory) return;
        for await (const sweep of readGap(gap, this.#intervalMs, read, signal)) {
          const inside = sweep.readings.filter(({ atMs }) => atMs < gap.toMs);
          readings += inside.length;
          if (inside.length > 0) await fold({ ...sweep, readings: inside });
        }
      }
    } catch (error) {
      signal.throwIfAborted();
      logger.warn(
        { reason: describeError(error) },
        'missed readings could not be read; their usage is spread',
      );
    }
    if (readings > 0) logger.info({ readings }, "missed readings were read from the site's history");
  }
}

function newestOf({ readings }: Sweep): number | undefined {
  return readings.reduce<number | undefined>((newest, { atMs }) => Math.max(newest ?? atMs, atMs), undefined);
}
