import type { Dispatcher } from 'undici';
import type { Clock } from '../runtime/clock.ts';
import {
  closeServer,
  formatAddress,
  isLoopback,
  listen,
  type ListenAddress,
} from '../runtime/http/listen.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Role } from '../runtime/role.ts';
import { describeError } from '../runtime/user-error.ts';
import { createMeteredCloud } from './cloud/cloud.ts';
import { createExporterServer } from './exposition/http-server.ts';
import { publish, type Published } from './exposition/published.ts';
import type { ExporterConfig } from './settings/config.ts';

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

/**
 * The site's meter: reads usage from one OpenStack, or from several at once, keeps running totals of each, and serves
 * them to Prometheus. All listen where the first config says.
 */
export function createExporter(
  config: ExporterConfig | readonly [ExporterConfig, ...ExporterConfig[]],
  options: ExporterOptions,
): Exporter {
  const logger = options.logger.child({ role: 'exporter' });
  const configs: readonly ExporterConfig[] = [config].flat();
  const clouds = configs.map((one) =>
    createMeteredCloud(one, {
      ...options,
      logger: one.cloud === undefined ? logger : logger.child({ cloud: one.cloud }),
      onRefreshed: () => render(),
    }),
  );
  let published: Published | undefined;
  let address: ListenAddress | undefined;
  let running: Promise<unknown> | undefined;

  /** What is complete of one cloud is shown, whatever the others do. */
  function render(): void {
    const shown = clouds.map((cloud) => cloud.shown());
    if (shown.some(({ snapshot }) => snapshot !== undefined)) published = publish(shown);
  }

  const waitingFor = () => clouds.map((cloud) => cloud.waitingFor()).join('; ');
  const view = () => ({ published, waitingFor: `no complete refresh yet: ${waitingFor()}` });
  const { listen: asked, publicHost } = configs[0] as ExporterConfig;
  const server = createExporterServer({ view, logger, ownNames: [asked.host, publicHost] });

  return {
    get address(): ListenAddress {
      if (address === undefined) throw new Error('the exporter does not listen yet');
      return address;
    },
    refresh: async () => {
      throwFirst(await Promise.allSettled(clouds.map(async (cloud) => await cloud.refresh())));
    },
    start: async () => {
      address = await listen(server, asked);
      const opened = await Promise.allSettled(clouds.map(async (cloud) => await cloud.open()));
      const failed = opened.filter((result) => result.status === 'rejected');
      if (failed.length === clouds.length) throwFirst(failed);
      for (const { reason } of failed)
        logger.error({ reason: describeError(reason) }, 'a cloud can not be read yet; the others are');
      logger.info({ address: formatAddress(address), readers: readersOf(address) }, 'serving /metrics');
      running = Promise.all(clouds.map(async (cloud) => await cloud.run()));
    },
    close: async () => {
      await Promise.all(clouds.map(async (cloud) => await cloud.close()));
      await running;
      await closeServer(server);
    },
  };
}

function readersOf({ host }: ListenAddress): string {
  return isLoopback(host)
    ? 'this machine only; --listen :8080 opens all addresses'
    : 'anyone who reaches this address, without a token';
}

function throwFirst(results: readonly PromiseSettledResult<unknown>[]): void {
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
