import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { describeError } from '../../runtime/user-error.ts';
import type { GateConfig } from './config.ts';
import { type LiveConfig, readLiveConfig } from './live-config.ts';
import { watchFiles } from './watch-files.ts';

export interface ReloaderOptions {
  clock: Clock;
  logger: Logger;
  /** Reads the configuration again; without it only its files are. */
  reread?: () => GateConfig;
  /** How often the files are looked at. */
  watchIntervalMs?: number;
  /** Takes each configuration before it is in force. */
  onRead: (live: LiveConfig) => void;
  onReload: (succeeded: boolean) => void;
}

/** Keeps the configuration in force up to date. */
export interface ConfigReloader {
  /** The configuration in force; undefined before `start()`. */
  readonly live: LiveConfig | undefined;
  /** Reads it, and from then on again whenever one of its files changes. */
  start(): Promise<void>;
  /** Reads it again; keeps the old on error, and throws. */
  reload(): Promise<void>;
  close(): void;
}

const WATCH_INTERVAL_MS = 2000;

export function createConfigReloader(config: GateConfig, options: ReloaderOptions): ConfigReloader {
  const { clock, logger, reread = () => config, onRead, onReload } = options;
  let current = config;
  let live: LiveConfig | undefined;
  let unwatch = () => {};
  const putInForce = async (from: GateConfig) => {
    const next = await readLiveConfig(from, clock.nowMs(), live);
    onRead(next);
    [current, live] = [from, next];
    onReload(true);
  };
  const reload = async () => {
    try {
      const next = reread();
      await putInForce(next);
      if (needsRestart(config, next)) logger.warn(`${FIXED} change with a restart alone`);
    } catch (error) {
      onReload(false);
      throw error;
    }
  };
  const reloadChanged = async () => {
    try {
      await reload();
      logger.info('a file has changed: configuration reloaded');
    } catch (error) {
      const message = 'a file has changed: reload failed, the old configuration stays in force';
      logger.error({ reason: describeError(error) }, message);
    }
  };
  return {
    get live() {
      return live;
    },
    start: async () => {
      const intervalMs = options.watchIntervalMs ?? WATCH_INTERVAL_MS;
      unwatch = watchFiles(
        () => filesOf(current),
        intervalMs,
        () => void reloadChanged(),
      );
      await putInForce(config);
    },
    reload,
    close: () => unwatch(),
  };
}

/** The files that a configuration is read from. */
function filesOf({ configFile, tokenFile, hashKeyFile, tls }: GateConfig): string[] {
  const files = [configFile, tokenFile, hashKeyFile, tls?.certFile, tls?.keyFile, tls?.clientCaFile];
  return files.filter((file) => file !== undefined);
}

const FIXED =
  'listen, metrics_listen, connections_per_address, the source, and whether there is TLS or a CA of clients';

/** True for a change of what is made once. */
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
