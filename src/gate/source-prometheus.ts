import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGunzip, createGzip } from 'node:zlib';
import { type Dispatcher, Pool } from 'undici';
import { formatSelector } from '../prometheus/selectors.ts';
import { codeOf } from '../runtime/user-error.ts';
import { AnswerError, createAnswerFilter } from './answer-filter.ts';
import type { AnswerRules } from './answer-filter.ts';
import { checkSamples, createChunkFilter, MAX_SAMPLES_BYTES } from './read-answer.ts';
import { type FederationRequest, type ReadRequest, type Source, UpstreamFailure } from './source.ts';
import { federationHead, readHead } from './upstream-head.ts';

export interface PrometheusLimits {
  connectTimeoutMs: number;
  /** Up to the head of the answer. */
  firstByteTimeoutMs: number;
  /** Between two pieces of the answer. */
  idleTimeoutMs: number;
}

const DEFAULT_LIMITS: PrometheusLimits = {
  connectTimeoutMs: 5000,
  firstByteTimeoutMs: 30_000,
  idleTimeoutMs: 30_000,
};

const TIMEOUT_CODES = new Set(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'ETIMEDOUT']);
const CONNECTIONS = 64;

/**
 * The site's Prometheus. It is asked anew (rule G2), and its answer is passed on as it streams: held against the policy line by
 * line, or, where there are no rules for it, compressed or not as it is.
 */
export function createPrometheusSource(baseUrl: URL, limits: PrometheusLimits = DEFAULT_LIMITS): Source {
  const pool = new Pool(baseUrl.origin, {
    connections: CONNECTIONS,
    connect: { timeout: limits.connectTimeoutMs },
    headersTimeout: limits.firstByteTimeoutMs,
    bodyTimeout: limits.idleTimeoutMs,
  });
  const basePath = baseUrl.pathname.replace(/\/$/, '');
  const orFail = async (response: ServerResponse, work: Promise<void>) => {
    try {
      await work;
    } catch (error) {
      throw response.headersSent || error instanceof UpstreamFailure ? error : upstreamFailure(error);
    }
  };
  return {
    federate: async (request, response) => {
      await orFail(response, federate(pool, `${basePath}/federate`, request, response));
    },
    read: async (request, response) => {
      await orFail(response, read(pool, `${basePath}/api/v1/read`, request, response));
    },
    close: async () => await pool.destroy(),
  };
}

async function federate(
  pool: Pool,
  path: string,
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
  const request = { method: 'GET' as const, path: `${path}?${query.toString()}`, headers, signal };
  if (rules) return await openedFederation(pool, request, { gzip, rules, signal }, response);
  await pool.stream(request, ({ statusCode, headers: answered }) => {
    response.writeHead(200, federationHead(statusCode, answered, gzip));
    return response;
  });
}

/** Opens the answer, looks at each line, and packs it again for those that take it packed. */
async function openedFederation(
  pool: Pool,
  request: Dispatcher.RequestOptions,
  { gzip, rules, signal }: { gzip: boolean; rules: AnswerRules; signal: AbortSignal },
  response: ServerResponse,
): Promise<void> {
  await answerOf(pool, request, async ({ statusCode, headers, body }) => {
    const head = federationHead(statusCode, headers, gzip);
    const packed = head['content-encoding'] === 'gzip';
    delete head['content-length'];
    response.writeHead(200, head);
    const steps = packed
      ? [createGunzip(), createAnswerFilter(rules), createGzip({ level: constants.Z_BEST_SPEED })]
      : [createAnswerFilter(rules)];
    await pipeline([body, ...steps, response], { signal });
  });
}

async function read(
  pool: Pool,
  path: string,
  { body: asked, allowed, signal }: ReadRequest,
  response: ServerResponse,
): Promise<void> {
  const headers = {
    'content-type': 'application/x-protobuf',
    'content-encoding': 'snappy',
    'x-prometheus-remote-read-version': '0.1.0',
    'user-agent': 'stackmeter-gate',
  };
  const request = { method: 'POST' as const, path, headers, body: asked, signal };
  await answerOf(pool, request, async ({ statusCode, headers: answered, body }) => {
    const { head, streamed } = readHead(statusCode, answered);
    if (allowed && !streamed) {
      const samples = await bounded(body);
      checkSamplesOrFail(samples, allowed);
      response.writeHead(200, head);
      await pipeline(Readable.from([samples]), response, { signal });
      return;
    }
    response.writeHead(200, head);
    await pipeline([body, ...(allowed ? [createChunkFilter(allowed)] : []), response], { signal });
  });
}

/** Asks, and lets nothing of the answer lie about, whatever becomes of it. */
async function answerOf(
  pool: Pool,
  request: Dispatcher.RequestOptions,
  work: (answer: Dispatcher.ResponseData) => Promise<void>,
): Promise<void> {
  const answer = await pool.request(request);
  answer.body.on('error', () => undefined);
  try {
    await work(answer);
  } finally {
    answer.body.destroy();
  }
}

async function bounded(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += (chunk as Buffer).length;
    if (bytes > MAX_SAMPLES_BYTES) throw new UpstreamFailure(502, new Error('the answer is too large'));
    chunks.push(chunk as Buffer);
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
  return new UpstreamFailure(TIMEOUT_CODES.has(codeOf(error) ?? '') ? 504 : 502, error);
}
