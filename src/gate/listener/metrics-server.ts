import { createServer, type Server } from 'node:http';
import { EXPOSITION_CONTENT_TYPE } from '../../prometheus/text-format/text-format-writer.ts';
import type { GateMetrics } from '../metrics.ts';

/** Lower than the limits of the gate itself, because clients of this server need no token. */
const HTTP_LIMITS = {
  maxHeaderSize: 8192,
  headersTimeout: 5000,
  requestTimeout: 5000,
  keepAliveTimeout: 75_000,
};
const MAX_CONNECTIONS = 32;

/** Serves the gate's own metrics to anyone who can reach the address. */
export function createMetricsServer({ registry }: GateMetrics): Server {
  const server = createServer(HTTP_LIMITS, (request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    void registry.metrics().then((text) => {
      response.writeHead(200, { 'content-type': EXPOSITION_CONTENT_TYPE }).end(text);
    });
  });
  server.maxConnections = MAX_CONNECTIONS;
  return server;
}
