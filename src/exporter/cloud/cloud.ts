import type { Clock } from '../../runtime/clock.ts';
import { LastingFailure } from '../../runtime/lasting-failure.ts';
import type { Logger } from '../../runtime/logger.ts';
import { runRegularly, type Turn } from '../../runtime/regularly.ts';
import { describeError } from '../../runtime/user-error.ts';
import type { Snapshot } from '../exposition/exposition.ts';
import { Meter } from './meter.ts';
import { unsafeConnection } from '../openstack/session/agent.ts';
import { OwnMetrics } from '../exposition/own-metrics.ts';
import type { ShownCloud } from '../exposition/rendering.ts';
import { refreshDelayMs } from './refresh-delay.ts';
import type { ExporterConfig } from '../settings/config.ts';

export interface CloudParts {
  clock: Clock;
  logger: Logger;
  /** Is called after each refresh, also after a failed one. */
  onRefreshed: () => void;
}

/** One cloud of an exporter: its meter, and the figures that the exporter shows. */
export class Cloud {
  readonly #config: ExporterConfig;
  readonly #parts: CloudParts;
  readonly #metrics = new OwnMetrics();
  readonly #meter: Meter;
  readonly #ending = new AbortController();
  readonly #failing: LastingFailure;
  #snapshot: Snapshot | undefined;

  constructor(config: ExporterConfig, parts: CloudParts) {
    const { clock, logger } = parts;
    this.#config = config;
    this.#parts = parts;
    this.#failing = new LastingFailure(logger, {
      failed: 'refreshes fail; the next complete one counts the usage of this time',
      recovered: 'refreshes succeed again',
    });
    this.#meter = new Meter(config, { clock, logger, metrics: this.#metrics });
  }

  /** Opens the state file and signs in. Throws `UserError`. */
  async open(): Promise<void> {
    const danger = unsafeConnection(this.#config.credentials);
    if (danger !== undefined) this.#parts.logger.warn({ danger }, 'the connection to OpenStack is not safe');
    await this.#meter.open();
  }

  /** Refreshes every interval until `close()`. Never rejects. */
  async run(): Promise<void> {
    await runRegularly(async () => await this.#refreshAndLog(), {
      clock: this.#parts.clock,
      signal: this.#ending.signal,
      delayMs: (turn) => this.#delayMs(turn),
      onFailure: (error) => this.#failing.failed(error),
    });
  }

  async refresh(): Promise<Snapshot> {
    const { clock } = this.#parts;
    const { refreshes } = this.#metrics;
    try {
      this.#snapshot = await this.#meter.refresh();
      refreshes.succeeded(clock.nowMs());
      return this.#snapshot;
    } catch (error) {
      refreshes.failed(describeError(error), clock.nowMs());
      throw error;
    } finally {
      this.#parts.onRefreshed();
    }
  }

  shown(): ShownCloud {
    const { cloud, resources, serverHours } = this.#config;
    const [snapshot, metrics, { signIn }] = [this.#snapshot, this.#metrics, this.#meter];
    return { cloud, snapshot, resources, serverHours, metrics, signIn };
  }

  /** Why there are no totals yet: one line. */
  waitingFor(): string {
    return this.#metrics.refreshes.failing?.reason ?? 'OpenStack is being read';
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await this.#meter.close();
  }

  /** Logs the first refresh, and later only the changes between success and failure. */
  async #refreshAndLog(): Promise<void> {
    const { meter, projects, durationMs } = await this.refresh();
    this.#failing.succeeded();
    if (this.#metrics.refreshes.counts.success > 1) return;
    const until = new Date(meter.untilMs).toISOString();
    const servers = meter.servers.size;
    this.#parts.logger.info({ until, projects: projects.length, servers, durationMs }, 'refreshed');
  }

  #delayMs(turn: Turn): number {
    const delayMs = refreshDelayMs(turn, this.#config.intervalMs);
    this.#metrics.refreshes.nextMs = this.#parts.clock.nowMs() + delayMs;
    return delayMs;
  }
}
