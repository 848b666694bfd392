import type { Server } from 'node:http';
import type { Clock } from '../runtime/clock.ts';
import { closeServer, formatAddress, listen, type ListenAddress } from '../runtime/http/listen.ts';
import { flatLogger, type Logger } from '../runtime/logger.ts';
import type { Role } from '../runtime/role.ts';
import type { AnswerLimits } from './answers/answer-bounds.ts';
import type { LiveConfig } from './settings/live-config.ts';
import { DEFAULT_CONNECTIONS_PER_ADDRESS } from './listener/connections.ts';
import { createHandler, type Handler } from './handler.ts';
import { parserWarning } from './listener/http-parser.ts';
import { createHttpServer, type GateHttpServer } from './listener/http-server.ts';
import { createLimiter } from './tokens/limits.ts';
import { createConfigReloader } from './settings/config-reloader.ts';
import { createGateMetrics, type GateMetrics } from './metrics.ts';
import { createMetricsServer } from './listener/metrics-server.ts';
import type { GateConfig } from './settings/config.ts';
import { checkGateConfig } from './settings/settings.ts';
import { createExporterSource } from './sources/source-exporter.ts';
import type { Source } from './sources/source.ts';
import { createPrometheusSource } from './sources/source-prometheus.ts';

const ANSWER_LIMITS: AnswerLimits = { timeoutMs: 120_000, maxBytes: 1_073_741_824 };

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
  answerLimits?: AnswerLimits;
  /** What it runs on; `process.version` where it is left out. */
  nodeVersion?: string;
}

/** The site's gate. Throws `UserError` for a configuration that must not be served. */
export function createGate(config: GateConfig, dependencies: GateDependencies): Gate {
  checkGateConfig(config);
  const { reloader, server, metricsServer, source } = createParts(config, dependencies);
  let [address, metricsAddress] = [config.listen, config.metricsListen];
  const start = async () => {
    await reloader.start();
    address = await listen(server, config.listen);
    if (config.metricsListen) metricsAddress = await listen(metricsServer, config.metricsListen);
    logStart(config, address, reloader.live, dependencies);
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
      return reloader.live?.fingerprint;
    },
    start: async () => await (started ??= start()),
    reload: async () => await reloader.reload(),
    close: async () => {
      await started?.catch(() => undefined);
      reloader.close();
      await closeServers(server, metricsServer);
      await source.close();
    },
  };
}

function createParts(config: GateConfig, dependencies: GateDependencies) {
  const { clock, logger, answerLimits = ANSWER_LIMITS } = dependencies;
  const metrics = createGateMetrics();
  const source = createSource(config, { ...dependencies, answerLimits });
  const handler = createHandler({
    source,
    tokens: () => reloader.live?.tokens ?? [],
    limiter: createLimiter(clock),
    metrics,
    clock,
    logger: flatLogger(logger),
    checkAnswers: () => reloader.live?.checkAnswers ?? true,
    answerLimits,
  });
  const server = createServer(config, metrics, handler);
  const reloader = createConfigReloader(config, {
    ...dependencies,
    onRead: (live) => {
      if (live.tls && 'setSecureContext' in server) server.setSecureContext(live.tls);
      tellExpiries(live, metrics);
      warnOfExpiry(live, dependencies);
    },
    onReload: (succeeded) => metrics.reloaded(succeeded),
  });
  return { reloader, server, metricsServer: createMetricsServer(metrics), source };
}

function createServer(config: GateConfig, metrics: GateMetrics, handler: Handler): GateHttpServer {
  return createHttpServer(
    config.selfSigned ? { certFile: '', keyFile: '' } : config.tls,
    {
      perAddress: config.connectionsPerAddress ?? DEFAULT_CONNECTIONS_PER_ADDRESS,
      onRefused: (reason) => metrics.connectionRefused(reason),
    },
    (request, response) => void handler(request, response),
  );
}

async function closeServers(server: GateHttpServer, metricsServer: Server): Promise<void> {
  await closeServer(server);
  await closeServer(metricsServer, 0);
}

function createSource(
  { source: { kind, url } }: GateConfig,
  { clock, logger, answerLimits }: GateDependencies & { answerLimits: AnswerLimits },
): Source {
  return kind === 'prometheus'
    ? createPrometheusSource(url, { maxAnswerBytes: answerLimits.maxBytes })
    : createExporterSource(url, { clock, logger });
}

function tellExpiries({ tokens, certificateExpiresMs }: LiveConfig, metrics: GateMetrics): void {
  const expiring = tokens.flatMap(({ name, expiresMs }) =>
    expiresMs === undefined ? [] : [[name, expiresMs] as const],
  );
  metrics.tokensExpire(new Map(expiring));
  metrics.certificateExpires(certificateExpiresMs);
}

function warnOfExpiry(
  { certificateExpiresMs = Infinity }: LiveConfig,
  { clock, logger }: GateDependencies,
): void {
  if (certificateExpiresMs > clock.nowMs()) return;
  const expired = new Date(certificateExpiresMs).toISOString();
  logger.warn({ expired }, 'the certificate has expired: give the gate a new one');
}

function logStart(
  config: GateConfig,
  address: ListenAddress,
  live: LiveConfig | undefined,
  { logger, nodeVersion = process.version }: GateDependencies,
): void {
  const tls = live?.tls !== undefined;
  const made = live?.fingerprint;
  logger.info(
    { source: config.source.url.href, tls, ...(made === undefined ? {} : { fingerprint: made }) },
    `gate listening on ${formatAddress(address)}`,
  );
  const warning = parserWarning(nodeVersion);
  if (warning !== undefined) logger.warn(warning);
}
