import type { Server } from 'node:http';
import type { Clock } from '../runtime/clock.ts';
import { closeServer, formatAddress, listen, type ListenAddress } from '../runtime/http/listen.ts';
import { flatLogger, type Logger } from '../runtime/logger.ts';
import type { Role } from '../runtime/role.ts';
import type { Loaded } from './configuration/configuration.ts';
import { DEFAULT_CONNECTIONS_PER_ADDRESS } from './listener/connections.ts';
import { createHandler } from './handler.ts';
import { parserWarning } from './listener/http-parser.ts';
import { createHttpServer, type GateHttpServer } from './listener/http-server.ts';
import { createLimiter } from './tokens/limits.ts';
import { createLiveConfiguration } from './configuration/live-configuration.ts';
import { createGateMetrics, type GateMetrics } from './metrics.ts';
import { createMetricsServer } from './listener/metrics-server.ts';
import type { GateConfig } from './configuration/config.ts';
import { checkGateConfig } from './configuration/settings.ts';
import { createExporterSource } from './sources/source-exporter.ts';
import type { Source } from './sources/source.ts';
import { createPrometheusSource } from './sources/source-prometheus.ts';

const ANSWER_LIMITS = { timeoutMs: 120_000, maxBytes: 1_073_741_824 };

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
  /** What it runs on; `process.version` where it is left out. */
  nodeVersion?: string;
}

/** The site's gate. Throws `UserError` for a configuration that must not be served. */
export function createGate(config: GateConfig, dependencies: GateDependencies): Gate {
  checkGateConfig(config);
  const { clock, logger } = dependencies;
  const metrics = createGateMetrics();
  const metricsServer = createMetricsServer(metrics);
  const answerLimits = dependencies.answerLimits ?? ANSWER_LIMITS;
  const source = createSource(config, { ...dependencies, answerLimits });
  let [address, metricsAddress] = [config.listen, config.metricsListen];
  const handler = createHandler({
    source,
    tokens: () => live.loaded?.tokens ?? [],
    limiter: createLimiter(clock),
    metrics,
    clock,
    logger: flatLogger(logger),
    checkAnswers: () => live.loaded?.checkAnswers ?? true,
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
  const live = createLiveConfiguration(config, {
    ...dependencies,
    onLoaded: (loaded) => {
      if (loaded.tls && 'setSecureContext' in server) server.setSecureContext(loaded.tls);
      tellExpiries(loaded, metrics);
      warnOfExpiry(loaded, dependencies);
    },
    onReload: (succeeded) => metrics.reloaded(succeeded),
  });
  const start = async () => {
    await live.start();
    address = await listen(server, config.listen);
    if (config.metricsListen) metricsAddress = await listen(metricsServer, config.metricsListen);
    logStart(config, address, live.loaded, dependencies);
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
      return live.loaded?.fingerprint;
    },
    start: async () => await (started ??= start()),
    reload: async () => await live.reload(),
    close: async () => {
      await started?.catch(() => undefined);
      live.close();
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

function tellExpiries({ tokens, certificateExpiresMs }: Loaded, metrics: GateMetrics): void {
  const expiring = tokens.flatMap(({ name, expiresMs }) =>
    expiresMs === undefined ? [] : [[name, expiresMs] as const],
  );
  metrics.tokensExpire(new Map(expiring));
  metrics.certificateExpires(certificateExpiresMs);
}

function warnOfExpiry(
  { certificateExpiresMs = Infinity }: Loaded,
  { clock, logger }: GateDependencies,
): void {
  if (certificateExpiresMs > clock.nowMs()) return;
  const expired = new Date(certificateExpiresMs).toISOString();
  logger.warn({ expired }, 'the certificate has expired: give the gate a new one');
}

function logStart(
  config: GateConfig,
  address: ListenAddress,
  loaded: Loaded | undefined,
  { logger, nodeVersion = process.version }: GateDependencies,
): void {
  const tls = loaded?.tls !== undefined;
  const made = loaded?.fingerprint;
  logger.info(
    { source: config.source.url.href, tls, ...(made === undefined ? {} : { fingerprint: made }) },
    `gate listening on ${formatAddress(address)}`,
  );
  const warning = parserWarning(nodeVersion);
  if (warning !== undefined) logger.warn(warning);
}
