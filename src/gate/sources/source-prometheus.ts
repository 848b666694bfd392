import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { constants, createGunzip, createGzip } from 'node:zlib';
import pLimit from 'p-limit';
import { formatSelector } from '../../prometheus/selectors/selectors.ts';
import { codeOf } from '../../runtime/user-error.ts';
import { AnswerError, createAnswerExaminer, createAnswerFilter } from '../answers/answer-filter.ts';
import type { AnswerRules } from '../answers/answer-filter.ts';
import { answerRead, createAskRead } from './read-prometheus.ts';
import { Refusal } from '../refusal.ts';
import { sendPieces } from '../answers/send-pieces.ts';
import { type FederationRequest, type Source, UpstreamFailure } from './source.ts';
import { federationHead } from './upstream-head.ts';
import { SlowUpstreamError } from './upstream/connection.ts';
import { createUpstream, type Upstream, type UpstreamLimits } from './upstream/upstream.ts';

export type PrometheusLimits = UpstreamLimits & {
  /** What an answer may announce: more is refused before it begins. */
  maxAnswerBytes: number;
};

/** Remote reads at a time: Prometheus takes ten, and each may hold an answer with samples. */
const MAX_READS = 4;

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
  const ask = createAskRead(upstream, prometheus.basePath);
  const readInTurn = pLimit(MAX_READS);
  const orFail = async (response: ServerResponse, work: Promise<void>) => {
    try {
      await work;
    } catch (error) {
      throw response.headersSent || error instanceof Refusal ? error : upstreamFailure(error);
    }
  };
  return {
    federate: async (request, response) => await orFail(response, federate(prometheus, request, response)),
    read: async (request, response) =>
      await orFail(
        response,
        readInTurn(async () => await answerRead(ask, request, maxAnswerBytes, response)),
      ),
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

function upstreamFailure(error: unknown): UpstreamFailure {
  const slow = error instanceof SlowUpstreamError || codeOf(error) === 'ETIMEDOUT';
  return new UpstreamFailure(slow ? 504 : 502, error, error instanceof AnswerError ? 'answer' : 'upstream');
}
