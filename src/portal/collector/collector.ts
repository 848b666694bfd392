import { isDeepStrictEqual } from 'node:util';
import { runRegularly } from '../../runtime/regularly.ts';
import type { SiteConfig } from '../settings/site-settings.ts';
import { ReadingsBudget } from './readings-budget.ts';
import { SiteCollector, type CollectorParts } from './site-collector.ts';

/** How often the log has a summary of all sites. */
const SUMMARY_INTERVAL_MS = 3_600_000;

/** Sweeps all sites. Each site has its own loop. */
export class Collector {
  readonly #parts: CollectorParts;
  readonly #ending = new AbortController();
  readonly #budget: ReadingsBudget;
  #sites = new Map<string, SiteCollector>();
  #started = false;
  #summaries: Promise<void> | undefined;

  constructor(parts: CollectorParts) {
    this.#parts = parts;
    this.#budget = new ReadingsBudget({ clock: parts.clock });
  }

  /** Replaces the present sites with `sites`. Unchanged sites continue, and removed ones are closed. */
  async setSites(sites: readonly SiteConfig[]): Promise<void> {
    const before = this.#sites;
    this.#sites = new Map(sites.map((site) => [site.name, this.#collectorOf(site)]));
    this.#parts.metrics.sitesHeld.set(sites.length);
    const ended = [...before.values()].filter(
      (collector) => this.#sites.get(collector.site.name) !== collector,
    );
    await Promise.all(ended.map(async (collector) => await collector.close()));
    if (this.#started) this.#startAll();
  }

  /** Starts the loops of all present and future sites. */
  start(): void {
    if (this.#ending.signal.aborted) return;
    this.#started = true;
    this.#startAll();
    this.#summaries ??= this.#summarizeAtIntervals();
  }

  /** Sweeps every site once, at the same time. Failures are recorded, not thrown. */
  async sweep(): Promise<void> {
    await Promise.all([...this.#sites.values()].map(async (collector) => await collector.sweep()));
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await Promise.all([...this.#sites.values()].map(async (collector) => await collector.close()));
    await this.#summaries;
  }

  #collectorOf(site: SiteConfig): SiteCollector {
    const present = this.#sites.get(site.name);
    return present !== undefined && isDeepStrictEqual(present.site, site)
      ? present
      : new SiteCollector(site, this.#parts, this.#budget);
  }

  #startAll(): void {
    for (const collector of this.#sites.values()) collector.start();
  }

  async #summarizeAtIntervals(): Promise<void> {
    const { clock, logger } = this.#parts;
    await runRegularly(async () => logger.info(this.#summary(), 'sites are swept'), {
      clock,
      signal: this.#ending.signal,
      firstDelayMs: SUMMARY_INTERVAL_MS,
      delayMs: () => SUMMARY_INTERVAL_MS,
    });
  }

  #summary(): Record<string, number | string> {
    const all = [...this.#sites.values()];
    const failing = all.filter(({ health }) => health.failures > 0).map(({ site }) => site.name);
    return { sites: all.length, reachable: all.length - failing.length, failing: failing.join(', ') };
  }
}
