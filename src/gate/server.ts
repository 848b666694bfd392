import type { Server } from 'node:http';
import type { Clock } from '../runtime/clock.ts';
import { closeServer, formatAddress, listen, type ListenAddress } from '../runtime/listen.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Role } from '../runtime/role.ts';
import { describeError } from '../runtime/user-error.ts';
import { filesOf, loadConfiguration, type Loaded, watchFiles } from './configuration.ts';
import { DEFAULT_CONNECTIONS_PER_ADDRESS } from './connections.ts';
import { createHandler } from './handler.ts';
import { createHttpServer, type GateHttpServer } from './http-server.ts';
import { createLimiter } from './limits.ts';
import { createGateMetrics, type GateMetrics } from './metrics.ts';
import { createMetricsServer } from './metrics-server.ts';
import type { GateConfig } from './config.ts';
import { checkGateConfig } from './settings.ts';
import { createExporterSource } from './source-exporter.ts';
import type { Source } from './source.ts';
import { createPrometheusSource } from './source-prometheus.ts';

const ANSWER_LIMITS = { timeoutMs: 120_000, maxBytes: 1_073_741_824 };
const WATCH_INTERVAL_MS = 2000;

export interface Gate extends Role {
  /** Where it listens; known after `start()`. */
  readonly address: ListenAddress;
  /** Where its own metrics are; undefined where they are not served. */
  readonly metricsAddress: ListenAddress | undefined;
  /** SHA-256 of a certificate that was made for a test. */
  readonly fingerprint: string | undefined;
  reload(): Promise<void>;
}

export interface GateDependencies {
  clock: Clock;
  logger: Logger;
  /** Reads the configuration again; without it only its files are. */
  reread?: () => GateConfig;
  /** How often the files are looked at. */
  watchIntervalMs?: number;
  answerLimits?: { timeoutMs: number; maxBytes: number };
}

/** The site's gate. Throws `UserError` for a configuration that must not be served. */
export function createGate(config: GateConfig, dependencies: GateDependencies): Gate {
  checkGateConfig(config);
  const { clock, logger } = dependencies;
  const metrics = createGateMetrics();
  const metricsServer = createMetricsServer(metrics);
  const answerLimits = dependencies.answerLimits ?? ANSWER_LIMITS;
  const source = createSource(config, { ...dependencies, answerLimits });
  let loaded: Loaded | undefined;
  let [address, metricsAddress] = [config.listen, config.metricsListen];
  const handler = createHandler({
    source,
    grants: () => loaded?.grants ?? [],
    limiter: createLimiter(clock),
    metrics,
    clock,
    logger,
    checkAnswers: config.unsafeUncheckedAnswers !== true,
    answerLimits,
  });
  const server = createHttpServer(
    config.selfSigned ? { certFile: '', keyFile: '' } : config.tls,
    {
      perAddress: config.connectionsPerAddress ?? DEFAULT_CONNECTIONS_PER_ADDRESS,
      onRefused: (reason) => metrics.connectionRefused(reason),
    },
    (request, response) => void handler(request, response),
  );
  const load = async (from: GateConfig) => {
    const next = await loadConfiguration(from, clock.nowMs(), loaded);
    if (next.tls && 'setSecureContext' in server) server.setSecureContext(next.tls);
    loaded = next;
    tellExpiries(next, metrics);
    metrics.reloaded(true);
  };
  const reload = async () => {
    try {
      const next = dependencies.reread?.() ?? config;
      await load(next);
      if (needsRestart(config, next))
        logger.warn(
          'listen, metrics_listen, connections_per_address and the source change with a restart alone',
        );
    } catch (error) {
      metrics.reloaded(false);
      throw error;
    }
  };
  let unwatch = () => {};
  const watch = () => {
    const reloadChanged = async () => {
      try {
        await reload();
        logger.info('a file has changed: configuration reloaded');
      } catch (error) {
        logger.error(
          { reason: describeError(error) },
          'a file has changed: reload failed, the old configuration stays in force',
        );
      }
    };
    unwatch = watchFiles(
      filesOf(config),
      dependencies.watchIntervalMs ?? WATCH_INTERVAL_MS,
      () => void reloadChanged(),
    );
  };
  const start = async () => {
    watch();
    await load(config);
    address = await listen(server, config.listen);
    if (config.metricsListen) metricsAddress = await listen(metricsServer, config.metricsListen);
    logStart(config, address, loaded, logger);
  };
  let started: Promise<void> | undefined;
  return {
    get address() {
      return address;
    },
    get metricsAddress() {
      return metricsAddress;
    },
    get fingerprint() {
      return loaded?.fingerprint;
    },
    start: async () => await (started ??= start()),
    reload,
    close: async () => {
      await started?.catch(() => undefined);
      unwatch();
      await closeServers(server, metricsServer);
      await source.close();
    },
  };
}

async function closeServers(server: GateHttpServer, metricsServer: Server): Promise<void> {
  await closeServer(server);
  await closeServer(metricsServer, 0);
}

function createSource(
  { source: { kind, url } }: GateConfig,
  { clock, logger, answerLimits }: GateDependencies & { answerLimits: { maxBytes: number } },
): Source {
  return kind === 'prometheus'
    ? createPrometheusSource(url, { maxAnswerBytes: answerLimits.maxBytes })
    : createExporterSource(url, { clock, logger });
}

/** True for a change of what is made once. */
function needsRestart(before: GateConfig, after: GateConfig): boolean {
  const fixed = ({ listen: at, metricsListen, source: { kind, url }, ...more }: GateConfig) =>
    JSON.stringify([
      at,
      metricsListen,
      kind,
      url.href,
      more.tls === undefined,
      more.selfSigned,
      more.connectionsPerAddress,
    ]);
  return fixed(before) !== fixed(after);
}

function tellExpiries({ grants, certificateExpiresMs }: Loaded, metrics: GateMetrics): void {
  const expiring = grants.flatMap(({ name, expiresMs }) =>
    expiresMs === undefined ? [] : [[name, expiresMs] as const],
  );
  metrics.tokensExpire(new Map(expiring));
  metrics.certificateExpires(certificateExpiresMs);
}

function logStart(
  config: GateConfig,
  address: ListenAddress,
  loaded: Loaded | undefined,
  logger: Logger,
): void {
  const tls = loaded?.tls !== undefined;
  const made = loaded?.fingerprint;
  logger.info(
    { source: config.source.url.href, tls, ...(made === undefined ? {} : { fingerprint: made }) },
    `gate listening on ${formatAddress(address)}`,
  );
}
