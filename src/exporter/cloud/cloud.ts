import type { Dispatcher } from 'undici';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { runRegularly, type Turn } from '../../runtime/regularly.ts';
import { describeError } from '../../runtime/user-error.ts';
import type { Snapshot } from '../exposition/exposition.ts';
import { createMeter } from './meter.ts';
import { unsafeConnection } from '../openstack/session/agent.ts';
import { createOwnMetrics } from '../exposition/own-metrics.ts';
import type { ShownCloud } from '../exposition/published.ts';
import { refreshDelayMs } from './refresh-delay.ts';
import type { ExporterConfig } from '../settings/config.ts';

/** One of the clouds of an exporter: its meter, and what is shown of it. */
interface Cloud {
  /** Takes the state and signs in. */
  open(): Promise<void>;
  /** Refreshes every interval until `close()`. Never rejects. */
  run(): Promise<void>;
  refresh(): Promise<void>;
  shown(): ShownCloud;
  /** Why there is nothing yet: one line. */
  waitingFor(): string;
  close(): Promise<void>;
}

interface CloudOptions {
  clock: Clock;
  logger: Logger;
  dispatcher?: Dispatcher;
  /** Is called after each refresh, also one that failed. */
  onRefreshed: () => void;
}

export function createMeteredCloud(config: ExporterConfig, options: CloudOptions): Cloud {
  const { clock, dispatcher, logger, onRefreshed } = options;
  const { cloud, intervalMs, resources } = config;
  const metrics = createOwnMetrics();
  const meter = createMeter(config, { clock, logger, metrics, dispatcher });
  const ending = new AbortController();
  let snapshot: Snapshot | undefined;
  let waitingFor = 'OpenStack is being read';

  async function refresh(): Promise<Snapshot> {
    try {
      snapshot = await meter.refresh();
      metrics.countRefresh('success');
      return snapshot;
    } catch (error) {
      metrics.countRefresh('failure');
      waitingFor = describeError(error);
      throw error;
    } finally {
      onRefreshed();
    }
  }

  async function refreshAndLog(): Promise<void> {
    const { meter: state, projects, durationMs } = await refresh();
    const until = new Date(state.untilMs).toISOString();
    const servers = state.servers.size;
    logger.info({ until, projects: projects.length, servers, durationMs }, 'refreshed');
  }

  function logFailure(error: unknown, turn: Turn): void {
    const retryInS = Math.round(refreshDelayMs(turn, intervalMs) / 1000);
    logger.error({ reason: describeError(error), retryInS }, 'the refresh failed, nothing is counted yet');
  }

  return {
    open: async () => {
      const danger = unsafeConnection(config.credentials);
      if (danger !== undefined) logger.warn({ danger }, 'the connection to OpenStack is not safe');
      await meter.open();
    },
    run: async () => {
      await runRegularly(refreshAndLog, {
        clock,
        signal: ending.signal,
        delayMs: (turn) => refreshDelayMs(turn, intervalMs),
        onFailure: logFailure,
      });
    },
    refresh: async () => void (await refresh()),
    shown: () => ({ cloud, snapshot, resources, metrics }),
    waitingFor: () => waitingFor,
    close: async () => {
      ending.abort();
      await meter.close();
    },
  };
}
