import type { Server } from 'node:http';
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
import { Cloud } from './cloud/cloud.ts';
import { createExporterServer } from './exposition/http-server.ts';
import { Rendering } from './exposition/rendering.ts';
import type { ExporterConfig } from './settings/config.ts';

export interface Exporter extends Role {
  /** The address on which the exporter listens. Throws before `start()` has resolved. */
  readonly address: ListenAddress;
  /** Folds in all usage up to now, and serves the totals. Throws where an answer is not complete. */
  refresh(): Promise<void>;
}

export interface ExporterOptions {
  clock: Clock;
  logger: Logger;
}

/**
 * The site's meter: reads usage from one OpenStack or from several, keeps running totals of each, and serves them to
 * Prometheus. The listen address is that of the first config.
 */
export function createExporter(
  config: ExporterConfig | readonly [ExporterConfig, ...ExporterConfig[]],
  options: ExporterOptions,
): Exporter {
  return new ExporterRole([config].flat(), {
    ...options,
    logger: options.logger.child({ role: 'exporter' }),
  });
}

class ExporterRole implements Exporter {
  readonly #logger: Logger;
  readonly #listen: ListenAddress;
  readonly #clouds: readonly Cloud[];
  readonly #server: Server;
  #rendering: Rendering | undefined;
  #address: ListenAddress | undefined;
  #running: Promise<unknown> | undefined;

  constructor(configs: readonly ExporterConfig[], options: ExporterOptions) {
    const { logger } = options;
    const { listen: address, publicHost } = configs[0] as ExporterConfig;
    this.#logger = logger;
    this.#listen = address;
    this.#clouds = configs.map(
      (config) =>
        new Cloud(config, {
          ...options,
          logger: config.cloud === undefined ? logger : logger.child({ cloud: config.cloud }),
          onRefreshed: () => this.#render(),
        }),
    );
    this.#server = createExporterServer({
      view: () => ({
        rendering: this.#rendering,
        clouds: this.#clouds.map((cloud) => cloud.shown()),
        waitingFor: this.#waitingFor(),
      }),
      logger,
      ownNames: [address.host, publicHost],
    });
  }

  get address(): ListenAddress {
    if (this.#address === undefined) throw new Error('the exporter does not listen yet');
    return this.#address;
  }

  async refresh(): Promise<void> {
    throwFirst(await Promise.allSettled(this.#clouds.map(async (cloud) => await cloud.refresh())));
  }

  async start(): Promise<void> {
    const address = await listen(this.#server, this.#listen);
    this.#address = address;
    const opened = await Promise.allSettled(this.#clouds.map(async (cloud) => await cloud.open()));
    const failed = opened.filter((result) => result.status === 'rejected');
    if (failed.length === this.#clouds.length) throwFirst(failed);
    for (const { reason } of failed)
      this.#logger.error({ reason: describeError(reason) }, 'a cloud cannot be read yet; the others are');
    this.#logger.info({ address: formatAddress(address), readers: readersOf(address) }, 'serving /metrics');
    this.#running = Promise.all(this.#clouds.map(async (cloud) => await cloud.run()));
  }

  async close(): Promise<void> {
    await Promise.all(this.#clouds.map(async (cloud) => await cloud.close()));
    await this.#running;
    await closeServer(this.#server);
  }

  /** Shows the complete totals of each cloud, even if other clouds have none yet. */
  #render(): void {
    const shown = this.#clouds.map((cloud) => cloud.shown());
    if (shown.some(({ snapshot }) => snapshot !== undefined)) this.#rendering = new Rendering(shown);
  }

  #waitingFor(): string {
    return `no complete refresh yet: ${this.#clouds.map((cloud) => cloud.waitingFor()).join('; ')}`;
  }
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
