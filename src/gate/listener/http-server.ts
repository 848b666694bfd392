import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import { refuseConnection } from '../answers/answers.ts';
import { limitConnections } from './connections.ts';
import { GateResponse } from '../answers/gate-response.ts';
import type { TlsFiles } from './tls.ts';

/** Limits of a client's requests in size and time. */
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

/** A server with limits. With `tls` it serves over TLS, and has no certificate until `setSecureContext` gives it one. */
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
  // With a limit, Node.js drops further headers, perhaps a second Authorization. The gate counts headers itself.
  server.maxHeadersCount = 0;
  // The handler decides whether the client may send a body.
  server.on('checkContinue', listener);
  server.on('clientError', refuseConnection);
  return server;
}

/** A client may connect without a certificate, because only some tokens are bound to one. */
function tlsOptions({ clientCaFile }: TlsFiles) {
  return {
    handshakeTimeout: HTTP_LIMITS.headersTimeout,
    requestCert: clientCaFile !== undefined,
    rejectUnauthorized: false,
  };
}
