import type { Dispatcher } from 'undici';
import type { Clock } from '../runtime/clock.ts';
import { closeServer, formatAddress, listen, type ListenAddress } from '../runtime/listen.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Role } from '../runtime/role.ts';
import { describeError } from '../runtime/user-error.ts';
import type { Snapshot } from './exposition.ts';
import { createExporterServer } from './http-server.ts';
import { createMeter } from './meter.ts';
import { createOwnMetrics } from './own-metrics.ts';
import { publish, type Published } from './published.ts';
import { runRegularly } from './regularly.ts';
import type { ExporterConfig } from './settings.ts';

export interface Exporter extends Role {
  /** Where it listens, once `start()` has resolved. */
  readonly address: ListenAddress;
  /** Reads and folds in everything up to now, and serves it. Throws where anything is not complete. */
  refresh(): Promise<void>;
}

export interface ExporterOptions {
  clock: Clock;
  logger: Logger;
  /** Another way to HTTP than over the network. */
  dispatcher?: Dispatcher;
}

/** The site's meter: reads usage from an OpenStack, keeps running totals, and serves them to Prometheus. */
export function createExporter(config: ExporterConfig, options: ExporterOptions): Exporter {
  const { clock, dispatcher } = options;
  const { intervalMs, resources } = config;
  const logger = options.logger.child({ role: 'exporter' });
  const metrics = createOwnMetrics();
  const meter = createMeter(config, { clock, logger, metrics, dispatcher });
  const ending = new AbortController();
  let published: Published | undefined;
  let waitingFor = 'OpenStack is being read';
  let address: ListenAddress | undefined;
  let running: Promise<void> | undefined;

  const view = () => ({ published, waitingFor: `no complete refresh yet: ${waitingFor}` });
  const server = createExporterServer({ view, resources, logger });

  async function refresh(): Promise<Snapshot> {
    try {
      const snapshot = await meter.refresh();
      metrics.countRefresh('success');
      published = publish(snapshot, resources, metrics);
      return snapshot;
    } catch (error) {
      metrics.countRefresh('failure');
      published &&= publish(published.snapshot, resources, metrics);
      waitingFor = describeError(error);
      throw error;
    }
  }

  async function refreshAndLog(): Promise<void> {
    logRefresh(await refresh(), logger);
  }

  return {
    get address(): ListenAddress {
      if (address === undefined) throw new Error('the exporter does not listen yet');
      return address;
    },
    refresh: async () => void (await refresh()),
    start: async () => {
      address = await listen(server, config.listen);
      await meter.open();
      logger.info({ address: formatAddress(address) }, 'serving /metrics');
      running = runRegularly(refreshAndLog, { intervalMs, clock, logger, signal: ending.signal });
    },
    close: async () => {
      ending.abort();
      await meter.close();
      await running;
      await closeServer(server);
    },
  };
}

function logRefresh({ meter, projects, durationMs }: Snapshot, logger: Logger): void {
  const until = new Date(meter.untilMs).toISOString();
  const servers = meter.servers.size;
  logger.info({ until, projects: projects.length, servers, durationMs }, 'refreshed');
}
