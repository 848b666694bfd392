import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import { refuseConnection } from '../answers/answers.ts';
import { limitConnections } from './connections.ts';
import { GateResponse } from '../answers/gate-response.ts';
import type { TlsFiles } from './tls.ts';

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

export type GateHttpServer = Server | TlsServer;

/** A server with limits, over TLS where there are files for it. It shows no certificate before it is given one. */
export function createHttpServer(
  tls: TlsFiles | undefined,
  connections: { perAddress: number; onRefused: (reason: 'address' | 'total') => void },
  listener: RequestListener,
  times: Partial<typeof HTTP_LIMITS> = {},
): GateHttpServer {
  const limits = { ...HTTP_LIMITS, ...times, ServerResponse: GateResponse };
  const server = tls
    ? createTlsServer({ ...limits, ...tlsOptions(tls) }, listener)
    : createServer(limits, listener);
  server.maxRequestsPerSocket = MAX_REQUESTS_PER_CONNECTION;
  limitConnections(server, connections.perAddress, connections.onRefused);
  // Headers beyond such a number would be dropped, and a second Authorization with them: they are counted instead.
  server.maxHeadersCount = 0;
  // The handler decides whether a body may come at all.
  server.on('checkContinue', listener);
  server.on('clientError', refuseConnection);
  return server;
}

/** A client without a certificate is let in: it is the token that may be bound to one. */
function tlsOptions({ clientCaFile }: TlsFiles) {
  return {
    handshakeTimeout: HTTP_LIMITS.headersTimeout,
    requestCert: clientCaFile !== undefined,
    rejectUnauthorized: false,
  };
}
