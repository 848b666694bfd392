import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { FrameSplitter } from '../../src/gate/answers/read-frames.ts';
import { decodeChunkedResponse } from '../../src/prometheus/remote/chunked-read.ts';
import { decodeReadRequest, encodeReadRequest } from '../../src/prometheus/remote/remote-read.ts';
import { decodeXorChunk } from '../../src/prometheus/remote/xor-chunk.ts';
import { closeServer, listen } from '../../src/runtime/http/listen.ts';
import { type AnsweredSeries, chunkedAnswer } from '../gate/chunked-answer.ts';
import type { FastTime } from './fast-time.ts';

export interface RealTimeHistory {
  port: number;
  /** While true, it refuses questions about history. */
  isRefused: boolean;
}

/**
 * Starts a proxy between a gate in fast motion and a Prometheus in real time. In a remote read it changes the times of
 * the request to real time, and the times of the answer's samples to fast time.
 */
export async function startRealTimeHistory(prometheusPort: number, time: FastTime): Promise<RealTimeHistory> {
  const history: RealTimeHistory = { port: 0, isRefused: false };
  const pass = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const received = await buffer(incoming);
    if (history.isRefused && incoming.url === '/api/v1/read') return void outgoing.writeHead(503).end();
    const body = incoming.url === '/api/v1/read' ? inRealTime(received, time) : received;
    const { method = 'GET', url: path = '/' } = incoming;
    const headers = { ...incoming.headers, 'content-length': body.length };
    request({ host: '127.0.0.1', port: prometheusPort, method, path, headers })
      .on('response', (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        if (path !== '/api/v1/read' || answer.statusCode !== 200)
          return void answer.on('error', () => outgoing.destroy()).pipe(outgoing);
        return void buffer(answer).then(
          (bytes) => outgoing.end(inFastTime(bytes, time)),
          () => outgoing.destroy(),
        );
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

function inFastTime(answer: Buffer, time: FastTime): Buffer {
  const { messages } = new FrameSplitter().push(answer);
  const series = messages.flatMap(decodeChunkedResponse).map(({ labels, chunks }) => {
    const samples: AnsweredSeries['samples'][number][] = [];
    for (const { data } of chunks)
      decodeXorChunk(data, (realMs, high, low) =>
        samples.push({ timestampMs: time.simulatedMs(realMs), high, low }),
      );
    return { labels, samples };
  });
  return chunkedAnswer(series);
}
