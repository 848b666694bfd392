import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { decodeReadRequest, encodeReadRequest } from '../../src/prometheus/remote-read.ts';
import { closeServer, listen } from '../../src/runtime/listen.ts';
import type { FastTime } from './fast-time.ts';

export interface RealTimeHistory {
  port: number;
  /** Whether it tells the present alone. */
  isRefused: boolean;
}

/**
 * Stands before a Prometheus, which lives in real time, for a gate that lives in fast motion: of what is asked for of its
 * history the times are made real. Its answers need no change: totals state the (fast) time up to which they count.
 */
export async function startRealTimeHistory(prometheusPort: number, time: FastTime): Promise<RealTimeHistory> {
  const history: RealTimeHistory = { port: 0, isRefused: false };
  const pass = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const asked = await buffer(incoming);
    if (history.isRefused && incoming.url === '/api/v1/read') return void outgoing.writeHead(503).end();
    const body = incoming.url === '/api/v1/read' ? inRealTime(asked, time) : asked;
    const { method = 'GET', url: path = '/' } = incoming;
    const headers = { ...incoming.headers, 'content-length': body.length };
    request({ host: '127.0.0.1', port: prometheusPort, method, path, headers })
      .on('response', (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.on('error', () => outgoing.destroy()).pipe(outgoing);
      })
      .on('error', () => outgoing.destroy())
      .end(body);
    return undefined;
  };
  const server = createServer((incoming, outgoing) => {
    outgoing.on('error', () => undefined);
    pass(incoming, outgoing).catch(() => outgoing.destroy());
  });
  history.port = (await listen(server, { host: '127.0.0.1', port: 0 })).port;
  onTestFinished(async () => await closeServer(server, 0));
  return history;
}

function inRealTime(body: Buffer, time: FastTime): Buffer {
  const { queries, accepted } = decodeReadRequest(body, 1_000_000);
  const real = queries.map(({ startMs, endMs, matchers }) => ({
    startMs: time.realMs(startMs),
    endMs: time.realMs(endMs),
    matchers,
  }));
  return Buffer.from(encodeReadRequest(real, accepted));
}
