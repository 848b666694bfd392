import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { describeError } from '../../runtime/user-error.ts';
import type { GateConfig } from './config.ts';
import { type LiveConfig, readLiveConfig } from './live-config.ts';
import { watchFiles } from './watch-files.ts';

export interface ReloaderOptions {
  config: GateConfig;
  clock: Clock;
  logger: Logger;
  /** Reads the configuration again; without it, only the files of `config` are read again. */
  reread?: () => GateConfig;
  /** How often the files are checked for changes. */
  watchIntervalMs?: number;
  /** Receives each configuration before it takes effect. */
  onRead: (live: LiveConfig) => void;
  onReload: (succeeded: boolean) => void;
}

const WATCH_INTERVAL_MS = 2000;

/** Keeps the configuration in force up to date. */
export class ConfigReloader {
  readonly #options: ReloaderOptions;
  #config: GateConfig;
  #live: LiveConfig | undefined;
  #unwatch = () => {};

  constructor(options: ReloaderOptions) {
    this.#options = options;
    this.#config = options.config;
  }

  /** The configuration in force; undefined before `start()`. */
  get live(): LiveConfig | undefined {
    return this.#live;
  }

  /** Reads the configuration, and reads it again whenever one of its files changes. Throws `UserError`. */
  async start(): Promise<void> {
    this.#unwatch = watchFiles(
      () => filesOf(this.#config),
      this.#options.watchIntervalMs ?? WATCH_INTERVAL_MS,
      () => void this.#reloadChanged(),
    );
    await this.#putInForce(this.#config);
  }

  /** Reads the configuration again. Keeps the old one on an error, and throws `UserError`. */
  async reload(): Promise<void> {
    const { config, reread = () => config, logger, onReload } = this.#options;
    try {
      const next = reread();
      await this.#putInForce(next);
      if (needsRestart(config, next)) logger.warn(`${FIXED} change only with a restart`);
    } catch (error) {
      onReload(false);
      throw error;
    }
  }

  close(): void {
    this.#unwatch();
  }

  async #reloadChanged(): Promise<void> {
    const { logger } = this.#options;
    try {
      await this.reload();
      logger.info('a file has changed: configuration reloaded');
    } catch (error) {
      const message = 'a file has changed: reload failed, the old configuration stays in force';
      logger.error({ reason: describeError(error) }, message);
    }
  }

  async #putInForce(config: GateConfig): Promise<void> {
    const { clock, onRead, onReload } = this.#options;
    const live = await readLiveConfig(config, clock.nowMs(), this.#live);
    onRead(live);
    [this.#config, this.#live] = [config, live];
    onReload(true);
  }
}

/** The files from which a configuration is read. */
function filesOf({ configFile, tokenFile, hashKeyFile, tls }: GateConfig): string[] {
  const files = [configFile, tokenFile, hashKeyFile, tls?.certFile, tls?.keyFile, tls?.clientCaFile];
  return files.filter((file) => file !== undefined);
}

const FIXED =
  'listen, metrics_listen, connections_per_address, the source, and whether there is TLS or a CA of clients';

/** True if a setting differs that is applied only at the start. */
function needsRestart(before: GateConfig, after: GateConfig): boolean {
  const fixed = ({ listen, metricsListen, source: { kind, url }, ...more }: GateConfig) =>
    JSON.stringify([
      listen,
      metricsListen,
      kind,
      url.href,
      more.tls === undefined,
      more.tls?.clientCaFile === undefined,
      more.selfSigned,
      more.connectionsPerAddress,
    ]);
  return fixed(before) !== fixed(after);
}
