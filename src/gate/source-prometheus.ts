import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGunzip, createGzip } from 'node:zlib';
import { formatSelector } from '../prometheus/selectors.ts';
import { codeOf } from '../runtime/user-error.ts';
import { AnswerError, createAnswerExaminer, createAnswerFilter } from './answer-filter.ts';
import type { AnswerRules } from './answer-filter.ts';
import { checkSamples, createChunkFilter, MAX_SAMPLES_BYTES } from './read-answer.ts';
import { sendPieces } from './send-pieces.ts';
import { type FederationRequest, type ReadRequest, type Source, UpstreamFailure } from './source.ts';
import { federationHead, readHead } from './upstream-head.ts';
import { SlowUpstreamError } from './upstream/connection.ts';
import { createUpstream, type Upstream, type UpstreamLimits } from './upstream/upstream.ts';

export type PrometheusLimits = UpstreamLimits & {
  /** What an answer may announce: more is refused before it begins. */
  maxAnswerBytes: number;
};

const TIMEOUTS: UpstreamLimits = {
  connectTimeoutMs: 5000,
  firstByteTimeoutMs: 30_000,
  idleTimeoutMs: 30_000,
};

/** The site's Prometheus, and what its answers may announce. */
interface Prometheus {
  upstream: Upstream;
  /** Before its paths. */
  basePath: string;
  maxBytes: number;
}

/**
 * The site's Prometheus. It is asked anew (rule G2), and its answer is passed on as it streams: held against the policy line by
 * line, or, where there are no rules for it, compressed or not as it is.
 */
export function createPrometheusSource(
  baseUrl: URL,
  { maxAnswerBytes, ...timeouts }: Partial<PrometheusLimits> & { maxAnswerBytes: number },
): Source {
  const upstream = createUpstream(baseUrl, { ...TIMEOUTS, ...timeouts });
  const prometheus = { upstream, basePath: baseUrl.pathname.replace(/\/$/, ''), maxBytes: maxAnswerBytes };
  const orFail = async (response: ServerResponse, work: Promise<void>) => {
    try {
      await work;
    } catch (error) {
      throw response.headersSent || error instanceof UpstreamFailure ? error : upstreamFailure(error);
    }
  };
  return {
    federate: async (request, response) => await orFail(response, federate(prometheus, request, response)),
    read: async (request, response) => await orFail(response, read(prometheus, request, response)),
    close: async () => await Promise.resolve(upstream.close()),
  };
}

async function federate(
  { upstream, basePath, maxBytes }: Prometheus,
  { selectors, gzip, rules, signal }: FederationRequest,
  response: ServerResponse,
): Promise<void> {
  const query = new URLSearchParams(
    selectors.map((selector): [string, string] => ['match[]', formatSelector(selector)]),
  );
  const headers = {
    accept: 'text/plain;version=0.0.4',
    'accept-encoding': gzip ? 'gzip' : 'identity',
    'user-agent': 'stackmeter-gate',
  };
  const request = { method: 'GET' as const, target: `${basePath}/federate?${query.toString()}`, headers };
  await upstream.ask(request, signal, async (answer) => {
    const { 'content-length': length, ...head } = federationHead(answer, gzip, maxBytes);
    if (rules) {
      response.writeHead(200, head);
      await sendOpened(answer.body, head['content-encoding'] === 'gzip', { rules, signal }, response);
      return;
    }
    response.writeHead(200, length === undefined ? head : { ...head, 'content-length': length });
    await sendPieces(answer.body, response);
  });
}

/** Opens an answer, looks at each line, and packs it again if it was packed. */
async function sendOpened(
  body: AsyncIterable<Buffer>,
  packed: boolean,
  { rules, signal }: { rules: AnswerRules; signal: AbortSignal },
  response: ServerResponse,
): Promise<void> {
  if (!packed) return await sendPieces(examined(body, rules), response);
  const pack = createGzip({ level: constants.Z_BEST_SPEED });
  await pipeline(kept(body), createGunzip(), createAnswerFilter(rules), pack, response, { signal });
}

async function* examined(body: AsyncIterable<Buffer>, rules: AnswerRules): AsyncGenerator<string | Buffer> {
  const examiner = createAnswerExaminer(rules);
  for await (const piece of body) yield examiner.push(piece);
  yield examiner.end();
}

/** Pieces that streams may hold on to. */
async function* kept(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const piece of body) yield Buffer.from(piece);
}

async function read(
  { upstream, basePath, maxBytes }: Prometheus,
  { body: asked, allowed, signal }: ReadRequest,
  response: ServerResponse,
): Promise<void> {
  const headers = {
    'content-type': 'application/x-protobuf',
    'content-encoding': 'snappy',
    'x-prometheus-remote-read-version': '0.1.0',
    'user-agent': 'stackmeter-gate',
  };
  const request = { method: 'POST' as const, target: `${basePath}/api/v1/read`, headers, body: asked };
  await upstream.ask(request, signal, async (answer) => {
    const { head, streamed } = readHead(answer, maxBytes);
    if (allowed && !streamed) {
      const samples = await bounded(answer.body);
      checkSamplesOrFail(samples, allowed);
      response.writeHead(200, head);
      return await sendPieces(Readable.from([samples]), response);
    }
    response.writeHead(200, head);
    if (!allowed) return await sendPieces(answer.body, response);
    await pipeline(kept(answer.body), createChunkFilter(allowed), response, { signal });
  });
}

async function bounded(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of kept(body)) {
    bytes += chunk.length;
    if (bytes > MAX_SAMPLES_BYTES) throw new UpstreamFailure(502, new Error('the answer is too large'));
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function checkSamplesOrFail(samples: Buffer, allowed: NonNullable<ReadRequest['allowed']>): void {
  try {
    checkSamples(samples, allowed);
  } catch (error) {
    if (error instanceof AnswerError) throw new UpstreamFailure(502, error, 'answer');
    throw error;
  }
}

function upstreamFailure(error: unknown): UpstreamFailure {
  const slow = error instanceof SlowUpstreamError || codeOf(error) === 'ETIMEDOUT';
  return new UpstreamFailure(slow ? 504 : 502, error);
}
