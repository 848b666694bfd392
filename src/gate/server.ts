import type { Clock } from '../runtime/clock.ts';
import { closeServer, formatAddress, listen, type ListenAddress } from '../runtime/http/listen.ts';
import { flatLogger, type Logger } from '../runtime/logger.ts';
import type { Role } from '../runtime/role.ts';
import type { AnswerLimits } from './answers/answer-bounds.ts';
import type { LiveConfig } from './settings/live-config.ts';
import { DEFAULT_CONNECTIONS_PER_ADDRESS } from './listener/connections.ts';
import { type Handler, requestHandler } from './handler.ts';
import { parserWarning } from './listener/http-parser.ts';
import { createHttpServer, type GateHttpServer } from './listener/http-server.ts';
import { Limiter } from './tokens/limits.ts';
import { ConfigReloader } from './settings/config-reloader.ts';
import { createGateMetrics, type GateMetrics } from './metrics.ts';
import { createMetricsServer } from './listener/metrics-server.ts';
import type { GateConfig } from './settings/config.ts';
import { checkGateConfig } from './settings/settings.ts';
import { ExporterSource } from './sources/source-exporter.ts';
import type { Source } from './sources/source.ts';
import { PrometheusSource } from './sources/source-prometheus.ts';

const ANSWER_LIMITS: AnswerLimits = { timeoutMs: 120_000, maxBytes: 1_073_741_824 };

export interface GateDependencies {
  clock: Clock;
  logger: Logger;
  /** Reads the configuration again; without it, only the files of the configuration are read again. */
  reread?: () => GateConfig;
  /** How often the files are checked for changes. */
  watchIntervalMs?: number;
  answerLimits?: AnswerLimits;
  /** Version of Node.js; default `process.version`. */
  nodeVersion?: string;
}

/** The site's gate. Throws `UserError` for a configuration that must not be served. */
export function createGate(config: GateConfig, dependencies: GateDependencies): Gate {
  checkGateConfig(config);
  return new Gate(config, dependencies);
}

export class Gate implements Role {
  readonly #config: GateConfig;
  readonly #dependencies: GateDependencies;
  readonly #metrics = createGateMetrics();
  readonly #source: Source;
  readonly #server: GateHttpServer;
  readonly #metricsServer = createMetricsServer(this.#metrics);
  readonly #reloader: ConfigReloader;
  #starting: Promise<void> | undefined;
  /** The address on which the gate listens; its port is known after `start()`. */
  address: ListenAddress;
  /** The address of the gate's own metrics; undefined where they are not served. */
  metricsAddress: ListenAddress | undefined;

  constructor(config: GateConfig, dependencies: GateDependencies) {
    this.#config = config;
    this.#dependencies = dependencies;
    [this.address, this.metricsAddress] = [config.listen, config.metricsListen];
    const answerLimits = dependencies.answerLimits ?? ANSWER_LIMITS;
    this.#source = sourceOf(config, answerLimits, dependencies);
    this.#server = createServer(config, this.#metrics, this.#handler(answerLimits));
    this.#reloader = new ConfigReloader({
      ...dependencies,
      config,
      onRead: (live) => this.#use(live),
      onReload: (succeeded) => this.#tellReload(succeeded),
    });
  }

  /** SHA-256 of the certificate; undefined without TLS. */
  get fingerprint(): string | undefined {
    return this.#reloader.live?.certificate?.fingerprint;
  }

  async start(): Promise<void> {
    await (this.#starting ??= this.#startAll());
  }

  async reload(): Promise<void> {
    await this.#reloader.reload();
  }

  async close(): Promise<void> {
    await this.#starting?.catch(() => undefined);
    this.#reloader.close();
    await closeServer(this.#server);
    await closeServer(this.#metricsServer, 0);
    await this.#source.close();
  }

  async #startAll(): Promise<void> {
    const { listen: address, metricsListen } = this.#config;
    await this.#reloader.start();
    this.address = await listen(this.#server, address);
    if (metricsListen) this.metricsAddress = await listen(this.#metricsServer, metricsListen);
    logStart(this.#config, this.address, this.#reloader.live, this.#dependencies);
  }

  #handler(answerLimits: AnswerLimits): Handler {
    const { clock, logger } = this.#dependencies;
    return requestHandler({
      source: this.#source,
      tokens: () => this.#reloader.live?.tokens ?? [],
      limiter: new Limiter(clock),
      metrics: this.#metrics,
      clock,
      logger: flatLogger(logger),
      checkAnswers: () => this.#reloader.live?.checkAnswers ?? true,
      answerLimits,
    });
  }

  #tellReload(succeeded: boolean): void {
    this.#metrics.reloadSuccess.set(succeeded ? 1 : 0);
    if (!succeeded) this.#metrics.reloadFailures.inc();
  }

  #use(live: LiveConfig): void {
    if (live.tls && 'setSecureContext' in this.#server) this.#server.setSecureContext(live.tls);
    tellExpiries(live, this.#metrics);
    warnOfExpiry(live, this.#dependencies);
  }
}

function createServer(config: GateConfig, metrics: GateMetrics, handler: Handler): GateHttpServer {
  return createHttpServer(
    config.selfSigned ? { certFile: '', keyFile: '' } : config.tls,
    {
      perAddress: config.connectionsPerAddress ?? DEFAULT_CONNECTIONS_PER_ADDRESS,
      onRefused: (reason) => metrics.connectionsRefused.inc({ reason }),
    },
    (request, response) => void handler(request, response),
  );
}

function sourceOf(
  { source: { kind, url } }: GateConfig,
  { maxBytes }: AnswerLimits,
  { clock, logger }: GateDependencies,
): Source {
  return kind === 'prometheus'
    ? new PrometheusSource(url, { maxAnswerBytes: maxBytes })
    : new ExporterSource(url, { clock, logger });
}

/** A token without an end, or one that is gone, has no metric. */
function tellExpiries({ tokens, certificate }: LiveConfig, metrics: GateMetrics): void {
  metrics.tokenExpiry.reset();
  for (const { name, expiresMs } of tokens)
    if (expiresMs !== undefined) metrics.tokenExpiry.set({ token: name }, expiresMs / 1000);
  if (certificate !== undefined) metrics.certificateExpiry.set(certificate.expiresMs / 1000);
}

function warnOfExpiry({ certificate }: LiveConfig, { clock, logger }: GateDependencies): void {
  if (certificate === undefined || certificate.expiresMs > clock.nowMs()) return;
  const expired = new Date(certificate.expiresMs).toISOString();
  logger.warn({ expired }, 'the certificate has expired: give the gate a new one');
}

function logStart(
  config: GateConfig,
  address: ListenAddress,
  live: LiveConfig | undefined,
  { logger, nodeVersion = process.version }: GateDependencies,
): void {
  const tls = live?.tls !== undefined;
  logger.info(
    { source: config.source.url.href, tls, fingerprint: live?.certificate?.fingerprint },
    `gate listening on ${formatAddress(address)}`,
  );
  const warning = parserWarning(nodeVersion);
  if (warning !== undefined) logger.warn(warning);
}
