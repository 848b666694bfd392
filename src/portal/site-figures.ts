import type { LiveStreams } from './api/events/live-streams.ts';
import { EVERYTHING } from './access/rights/scope.ts';
import { MS_PER_HOUR } from '../prometheus/usage-metrics.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import { LastingFailure } from '../runtime/lasting-failure.ts';
import { runRegularly } from '../runtime/regularly.ts';
import type { Ledger, SiteDeclaration, SiteStatus } from './ledger/ledger.ts';
import { beginSite, forgetSite, showLastReadings, type PortalMetrics } from './metrics.ts';

const INTERVAL_MS = 15_000;
/** The interval while pages wait for new readings. */
const AWAITED_MS = 5_000;
const COVERED_MS = 24 * MS_PER_HOUR;
/** An hour is settled this long after its end: by then every ordinary pause in the hour is over. */
const SETTLING_MS = MS_PER_HOUR;

export interface SiteFiguresParts {
  ledger: Pick<Ledger, 'sites' | 'coverageShares'>;
  clock: Clock;
  logger: Logger;
  metrics: PortalMetrics;
  /** Returns the present sites: a reload may change them. */
  sites: () => readonly SiteDeclaration[];
  /** The pages to tell of new readings. */
  live?: Pick<LiveStreams, 'isAwaited' | 'note'>;
}

/**
 * Updates the metrics of each site from the ledger, and tells the pages of new readings. So they are the same for sites that are read and for sites that are
 * written, at every portal on the database, and after a restart.
 */
export class SiteFigures {
  readonly #parts: SiteFiguresParts;
  readonly #ending = new AbortController();
  #names: ReadonlySet<string> = new Set();
  /** The hour and sites of the coverage that the metrics show. */
  #covered: string | undefined;
  readonly #updating: LastingFailure;
  #loop: Promise<void> | undefined;

  constructor(parts: SiteFiguresParts) {
    this.#parts = parts;
    this.#updating = new LastingFailure(parts.logger, {
      failed: 'the metrics of the sites could not be updated',
      recovered: 'the metrics of the sites are up to date again',
    });
  }

  start(): void {
    this.#loop ??= this.#updateAtIntervals();
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await this.#loop;
  }

  async #updateAtIntervals(): Promise<void> {
    const work = async () => {
      await this.update();
      this.#updating.succeeded();
    };
    await runRegularly(work, {
      clock: this.#parts.clock,
      signal: this.#ending.signal,
      delayMs: () => (this.#parts.live?.isAwaited ? AWAITED_MS : INTERVAL_MS),
      // The earlier figures stay: their timestamps show how old they are.
      onFailure: (error) => this.#updating.failed(error),
    });
  }

  async update(): Promise<void> {
    const { ledger, sites } = this.#parts;
    this.#declare(sites());
    const statuses = (await ledger.sites({ scope: EVERYTHING })).filter(({ name }) => this.#names.has(name));
    this.#parts.live?.note(statuses);
    for (const status of statuses) this.#showSite(status);
    showLastReadings(this.#parts.metrics, statuses);
    await this.#showCoverage(statuses);
  }

  #declare(sites: readonly SiteDeclaration[]): void {
    const { metrics } = this.#parts;
    const names = new Set(sites.map(({ name }) => name));
    for (const name of this.#names) if (!names.has(name)) forgetSite(metrics, name);
    for (const name of names) if (!this.#names.has(name)) beginSite(metrics, name);
    this.#names = names;
  }

  #showSite({ name: site, lastSuccessMs, ordinaryPauseMs }: SiteStatus): void {
    this.#parts.metrics.ordinaryPause.set({ site }, ordinaryPauseMs / 1000);
    if (lastSuccessMs !== undefined) this.#parts.metrics.lastSuccess.set({ site }, lastSuccessMs / 1000);
  }

  /** Asks once an hour, and when a site with earlier readings is added. Little else changes the coverage. */
  async #showCoverage(statuses: readonly SiteStatus[]): Promise<void> {
    const { ledger, clock, metrics } = this.#parts;
    const toMs = Math.floor((clock.nowMs() - SETTLING_MS) / MS_PER_HOUR) * MS_PER_HOUR;
    const known = statuses.filter(
      ({ firstReadingMs }) => firstReadingMs !== undefined && firstReadingMs < toMs,
    );
    const asked = [toMs, ...known.map(({ name }) => name)].join(' ');
    if (asked === this.#covered) return;
    for (const { site, ...shares } of await ledger.coverageShares(toMs - COVERED_MS, toMs)) {
      if (!this.#names.has(site)) continue;
      for (const [coverage, share] of Object.entries(shares)) metrics.coverage.set({ site, coverage }, share);
    }
    this.#covered = asked;
  }
}
