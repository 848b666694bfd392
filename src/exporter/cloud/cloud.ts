import type { Dispatcher } from 'undici';
import type { Clock } from '../../runtime/clock.ts';
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
  dispatcher?: Dispatcher;
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
  #snapshot: Snapshot | undefined;
  #waitingFor = 'OpenStack is being read';

  constructor(config: ExporterConfig, parts: CloudParts) {
    const { clock, logger, dispatcher } = parts;
    this.#config = config;
    this.#parts = parts;
    this.#meter = new Meter(config, { clock, logger, metrics: this.#metrics, dispatcher });
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
      delayMs: (turn) => refreshDelayMs(turn, this.#config.intervalMs),
      onFailure: (error, turn) => this.#logFailure(error, turn),
    });
  }

  async refresh(): Promise<Snapshot> {
    try {
      this.#snapshot = await this.#meter.refresh();
      this.#metrics.countRefresh('success');
      return this.#snapshot;
    } catch (error) {
      this.#metrics.countRefresh('failure');
      this.#waitingFor = describeError(error);
      throw error;
    } finally {
      this.#parts.onRefreshed();
    }
  }

  shown(): ShownCloud {
    const { cloud, resources, serverHours } = this.#config;
    return { cloud, snapshot: this.#snapshot, resources, serverHours, metrics: this.#metrics };
  }

  /** Why there are no totals yet: one line. */
  waitingFor(): string {
    return this.#waitingFor;
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await this.#meter.close();
  }

  async #refreshAndLog(): Promise<void> {
    const { meter, projects, durationMs } = await this.refresh();
    const until = new Date(meter.untilMs).toISOString();
    const servers = meter.servers.size;
    this.#parts.logger.info({ until, projects: projects.length, servers, durationMs }, 'refreshed');
  }

  #logFailure(error: unknown, turn: Turn): void {
    const retryInS = Math.round(refreshDelayMs(turn, this.#config.intervalMs) / 1000);
    const message = 'the refresh failed, nothing is counted yet';
    this.#parts.logger.error({ reason: describeError(error), retryInS }, message);
  }
}
