import { createServer, type Server } from 'node:http';
import { EXPOSITION_CONTENT_TYPE } from '../prometheus/text-format-writer.ts';
import type { GateMetrics } from './metrics.ts';

/** Serves the gate's own metrics, on an address that only this machine reaches. */
export function createMetricsServer(metrics: GateMetrics): Server {
  return createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    void metrics.exposition().then((text) => {
      response.writeHead(200, { 'content-type': EXPOSITION_CONTENT_TYPE }).end(text);
    });
  });
}
