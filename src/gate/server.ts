import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { Clock } from '../runtime/clock.ts';
import { closeServer, formatAddress, listen, type ListenAddress } from '../runtime/listen.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Role } from '../runtime/role.ts';
import { refuseConnection } from './answers.ts';
import { createHandler, type Handler } from './handler.ts';
import { checkGateConfig, type GateConfig, policyOf } from './settings.ts';
import { createExporterSource } from './source-exporter.ts';
import type { Source } from './source.ts';
import { createPrometheusSource } from './source-prometheus.ts';
import { bareToken, readTokenFile } from './token-file.ts';
import { readTls } from './tls.ts';
import type { Token } from './tokens.ts';

/** Bounds of what a client may send, and of the time that it may take. */
const HTTP_LIMITS = {
  maxHeaderSize: 32_768,
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  keepAliveTimeout: 75_000,
  connectionsCheckingInterval: 5000,
  requireHostHeader: true,
};
const MAX_REQUESTS_PER_CONNECTION = 1000;
const MAX_CONNECTIONS = 512;
const ANSWER_TIMEOUT_MS = 120_000;

export interface Gate extends Role {
  /** Where it listens; known after `start()`. */
  readonly address: ListenAddress;
  reload(): Promise<void>;
}

export interface GateDependencies {
  clock: Clock;
  logger: Logger;
}

/** The site's gate. Throws `UserError` for a configuration that must not be served. */
export function createGate(config: GateConfig, { clock, logger }: GateDependencies): Gate {
  checkGateConfig(config);
  let tokens: readonly Token[] = [];
  let address = config.listen;
  const source = createSource(config, { clock, logger });
  const handler = createHandler({
    policy: policyOf(config),
    source,
    tokens: () => tokens,
    clock,
    logger,
    answerTimeoutMs: ANSWER_TIMEOUT_MS,
  });
  const server = createHttpServer(config, handler);
  const start = async () => {
    tokens = readTokens(config);
    setTls(server, config);
    address = await listen(server, config.listen);
    logger.info(
      { source: config.source.url.href, tls: config.tls !== undefined },
      `gate listening on ${formatAddress(address)}`,
    );
  };
  let started: Promise<void> | undefined;
  return {
    get address() {
      return address;
    },
    start: async () => await (started ??= start()),
    reload: async () => {
      const reread = readTokens(config);
      setTls(server, config);
      tokens = reread;
    },
    close: async () => {
      await started?.catch(() => undefined);
      await closeServer(server);
      await source.close();
    },
  };
}

function createSource({ source: { kind, url } }: GateConfig, dependencies: GateDependencies): Source {
  return kind === 'prometheus' ? createPrometheusSource(url) : createExporterSource(url, dependencies);
}

function createHttpServer(config: GateConfig, handler: Handler): Server | TlsServer {
  const listener: RequestListener = (request, response) => void handler(request, response);
  const server = config.tls
    ? createTlsServer({ ...HTTP_LIMITS, handshakeTimeout: HTTP_LIMITS.headersTimeout }, listener)
    : createServer(HTTP_LIMITS, listener);
  server.maxRequestsPerSocket = MAX_REQUESTS_PER_CONNECTION;
  server.maxConnections = MAX_CONNECTIONS;
  server.on('clientError', refuseConnection);
  return server;
}

/** The tokens of the file and the one of the environment. */
function readTokens({ tokenFile, authToken }: GateConfig): Token[] {
  return [
    ...(tokenFile === undefined ? [] : readTokenFile(tokenFile)),
    ...(authToken === undefined ? [] : [bareToken('environment', authToken)]),
  ];
}

/** Connections that are open keep the certificate that they began with. */
function setTls(server: Server | TlsServer, { tls }: GateConfig): void {
  if (tls && 'setSecureContext' in server) server.setSecureContext(readTls(tls));
}
