import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { describeError } from '../../runtime/user-error.ts';
import type { GateConfig } from './config.ts';
import { filesOf, loadConfiguration, type Loaded, watchFiles } from './configuration.ts';

export interface LiveOptions {
  clock: Clock;
  logger: Logger;
  /** Reads the configuration again; without it only its files are. */
  reread?: () => GateConfig;
  /** How often the files are looked at. */
  watchIntervalMs?: number;
  /** Takes what was loaded before it is in force. */
  onLoaded: (loaded: Loaded) => void;
  onReload: (succeeded: boolean) => void;
}

/** The configuration in force. */
export interface LiveConfiguration {
  /** Undefined before `start()`. */
  readonly loaded: Loaded | undefined;
  /** Loads it, and from then on again whenever one of its files changes. */
  start(): Promise<void>;
  /** Loads it again; keeps the old on error, and throws. */
  reload(): Promise<void>;
  close(): void;
}

const WATCH_INTERVAL_MS = 2000;

export function createLiveConfiguration(config: GateConfig, options: LiveOptions): LiveConfiguration {
  const { clock, logger, reread = () => config, onLoaded, onReload } = options;
  let current = config;
  let loaded: Loaded | undefined;
  let unwatch = () => {};
  const load = async (from: GateConfig) => {
    const next = await loadConfiguration(from, clock.nowMs(), loaded);
    onLoaded(next);
    [current, loaded] = [from, next];
    onReload(true);
  };
  const reload = async () => {
    try {
      const next = reread();
      await load(next);
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
    get loaded() {
      return loaded;
    },
    start: async () => {
      const intervalMs = options.watchIntervalMs ?? WATCH_INTERVAL_MS;
      unwatch = watchFiles(
        () => filesOf(current),
        intervalMs,
        () => void reloadChanged(),
      );
      await load(config);
    },
    reload,
    close: () => unwatch(),
  };
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
