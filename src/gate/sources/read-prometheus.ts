import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { encodeReadRequest, type ReadQuery } from '../../prometheus/remote/remote-read.ts';
import { QueryResult, samplesAnswer } from '../../prometheus/remote/samples-answer.ts';
import { formatSelector } from '../../prometheus/selectors/selectors.ts';
import { toSnappyPieces } from '../../prometheus/remote/snappy.ts';
import { checkedChunks, gatherSamples } from '../answers/read-answer.ts';
import { Refusal } from '../refusal.ts';
import { sendPieces } from '../answers/send-pieces.ts';
import type { ReadRequest } from './source.ts';
import { readHead } from './upstream-head.ts';
import type { Upstream, UpstreamAnswer } from './upstream/upstream.ts';

/** Asks Prometheus for a remote read. It asks only for chunks: Prometheus keeps a whole answer with samples in memory. */
export type AskRead = (
  queries: readonly ReadQuery[],
  signal: AbortSignal,
  use: (answer: UpstreamAnswer) => Promise<void>,
) => Promise<void>;

export function askRead(upstream: Upstream, basePath: string): AskRead {
  const headers = {
    'content-type': 'application/x-protobuf',
    'content-encoding': 'snappy',
    'x-prometheus-remote-read-version': '0.1.0',
    'user-agent': 'stackmeter-gate',
  };
  return async (queries, signal, use) => {
    const body = encodeReadRequest(queries, ['streamed-chunks']);
    await upstream.ask({ method: 'POST', target: `${basePath}/api/v1/read`, headers, body }, signal, use);
  };
}

/** Answers a remote read with the chunks that Prometheus streams, or with the samples in them. */
export async function answerRead(
  ask: AskRead,
  request: ReadRequest,
  maxBytes: number,
  response: ServerResponse,
): Promise<void> {
  if (request.answer === 'samples') return await sendSamples(ask, request, maxBytes, response);
  const { queries, allowed, signal } = request;
  if (distinct(queries).length < queries.length)
    throw new Refusal(400, 'two queries are the same: ask once, or for samples');
  await ask(queries, signal, async (answer) => {
    response.writeHead(200, readHead(answer, maxBytes));
    await sendPieces(allowed ? checkedChunks(answer.body, allowed) : answer.body, response);
  });
}

/** Memory for an answer with samples, which is complete there before its first byte can leave. */
const MAX_SAMPLES_BYTES = 134_217_728;

async function sendSamples(
  ask: AskRead,
  { queries, allowed, signal }: ReadRequest,
  maxBytes: number,
  response: ServerResponse,
): Promise<void> {
  const spend = samplesBudget();
  const results = new Map<string, QueryResult>();
  for (const query of distinct(queries)) {
    const copies = queries.filter((other) => keyOf(other) === keyOf(query)).length;
    const result = new QueryResult((bytes) => spend(copies * bytes));
    results.set(keyOf(query), result);
    for (const range of windowsOf(query))
      await ask([{ ...query, ...range }], signal, async (answer) => {
        readHead(answer, maxBytes);
        await gatherSamples(answer.body, result, { range, allowed });
      });
  }
  const { length, pieces } = samplesAnswer(queries.flatMap((query) => results.get(keyOf(query)) ?? []));
  response.writeHead(200, {
    'content-type': 'application/x-protobuf',
    'content-encoding': 'snappy',
    'cache-control': 'no-store',
  });
  await pipeline(Readable.from(toSnappyPieces(pieces, length)), response, { signal });
}

function samplesBudget(): (bytes: number) => void {
  let left = MAX_SAMPLES_BYTES;
  return (bytes) => {
    left -= bytes;
    if (left < 0)
      throw new Refusal(
        413,
        'the answer has too many samples: ask for a shorter time, or for streamed chunks',
      );
  };
}

/** The longest range of one request to Prometheus. */
const WINDOW_MS = 31 * 86_400_000;

/** Splits the range of a query into windows in order of time, which share no instant. */
function windowsOf({ startMs, endMs }: Pick<ReadQuery, 'startMs' | 'endMs'>) {
  const windows: { startMs: number; endMs: number }[] = [];
  for (let at = startMs; at <= endMs; at += WINDOW_MS)
    windows.push({ startMs: at, endMs: Math.min(at + WINDOW_MS - 1, endMs) });
  return windows;
}

function distinct(queries: readonly ReadQuery[]): ReadQuery[] {
  return [...new Map(queries.map((query) => [keyOf(query), query])).values()];
}

function keyOf({ startMs, endMs, matchers }: ReadQuery): string {
  return `${startMs} ${endMs} ${formatSelector(matchers)}`;
}
