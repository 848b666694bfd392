import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { constants, createGunzip, createGzip } from 'node:zlib';
import pLimit from 'p-limit';
import { formatSelector } from '../../prometheus/selectors/selectors.ts';
import { codeOf } from '../../runtime/user-error.ts';
import { AnswerError } from '../answers/answer-error.ts';
import { AnswerExaminer, createAnswerFilter } from '../answers/answer-filter.ts';
import { examinedGzip } from '../answers/examined-gzip.ts';
import type { AnswerRules } from '../answers/text-examiner.ts';
import { answerRead, askRead } from './read-prometheus.ts';
import { Refusal } from '../refusal.ts';
import { sendPieces } from '../answers/send-pieces.ts';
import { type FederationRequest, type ReadRequest, type Source, UpstreamFailure } from './source.ts';
import { federationHead } from './upstream-head.ts';
import { SlowUpstreamError } from './upstream/connection.ts';
import { Upstream, type UpstreamLimits } from './upstream/upstream.ts';

export type PrometheusLimits = UpstreamLimits & {
  /** An answer that announces more bytes is refused before its first byte is sent. */
  maxAnswerBytes: number;
};

/** Remote reads at the same time: Prometheus takes ten, and each may hold an answer with samples in memory. */
const MAX_READS = 4;

/** zlib turns to another thread and back for each chunk, so small ones cost more than the work itself. */
const [OPENED_CHUNK_BYTES, PACKED_CHUNK_BYTES] = [131_072, 65_536];

const TIMEOUTS: UpstreamLimits = {
  connectTimeoutMs: 5000,
  firstByteTimeoutMs: 30_000,
  idleTimeoutMs: 30_000,
};

/**
 * The site's Prometheus. It gets a request that is written from the parsed selectors (rule G2). Its answer streams through:
 * checked against the policy line by line, or unopened where a request has no rules.
 */
export class PrometheusSource implements Source {
  readonly #upstream: Upstream;
  /** The part of the URL before Prometheus' own paths. */
  readonly #basePath: string;
  readonly #maxAnswerBytes: number;
  readonly #readInTurn = pLimit(MAX_READS);

  constructor(
    baseUrl: URL,
    { maxAnswerBytes, ...timeouts }: Partial<PrometheusLimits> & { maxAnswerBytes: number },
  ) {
    this.#upstream = new Upstream(baseUrl, { ...TIMEOUTS, ...timeouts });
    this.#basePath = baseUrl.pathname.replace(/\/$/, '');
    this.#maxAnswerBytes = maxAnswerBytes;
  }

  async federate(request: FederationRequest, response: ServerResponse): Promise<void> {
    await orFail(response, this.#federate(request, response));
  }

  async read(request: ReadRequest, response: ServerResponse): Promise<void> {
    const ask = askRead(this.#upstream, this.#basePath);
    await orFail(
      response,
      this.#readInTurn(async () => await answerRead(ask, request, this.#maxAnswerBytes, response)),
    );
  }

  async close(): Promise<void> {
    await Promise.resolve(this.#upstream.close());
  }

  async #federate(
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
    const target = `${this.#basePath}/federate?${query.toString()}`;
    await this.#upstream.ask({ method: 'GET', target, headers }, signal, async (answer) => {
      const { 'content-length': length, ...head } = federationHead(answer, gzip, this.#maxAnswerBytes);
      if (rules) {
        response.writeHead(200, head);
        await sendOpened(answer.body, head['content-encoding'] === 'gzip', { rules, signal }, response);
        return;
      }
      response.writeHead(200, length === undefined ? head : { ...head, 'content-length': length });
      await sendPieces(answer.body, response);
    });
  }
}

/** Turns any error before the first byte of the answer into `UpstreamFailure`. */
async function orFail(response: ServerResponse, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    throw response.headersSent || error instanceof Refusal ? error : upstreamFailure(error);
  }
}

/** Examines each line of an answer. A compressed answer leaves as it came, unless labels are rewritten. */
async function sendOpened(
  body: AsyncIterable<Buffer>,
  packed: boolean,
  { rules, signal }: { rules: AnswerRules; signal: AbortSignal },
  response: ServerResponse,
): Promise<void> {
  if (!packed) return await sendPieces(examined(body, rules), response);
  if (rules.rewriting === undefined) return await sendPieces(examinedGzip(body, rules), response);
  const pack = createGzip({ level: constants.Z_BEST_SPEED, chunkSize: PACKED_CHUNK_BYTES });
  await pipeline(
    kept(body),
    createGunzip({ chunkSize: OPENED_CHUNK_BYTES }),
    createAnswerFilter(rules),
    pack,
    response,
    { signal },
  );
}

async function* examined(
  body: AsyncIterable<Buffer>,
  rules: AnswerRules,
): AsyncGenerator<readonly (string | Buffer)[]> {
  const examiner = new AnswerExaminer(rules);
  for await (const piece of body) yield examiner.push(piece);
  yield [examiner.end()];
}

/** Copies of the pieces, which streams may keep. */
async function* kept(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const piece of body) yield Buffer.from(piece);
}

function upstreamFailure(error: unknown): UpstreamFailure {
  const slow = error instanceof SlowUpstreamError || codeOf(error) === 'ETIMEDOUT';
  return new UpstreamFailure(slow ? 504 : 502, error, error instanceof AnswerError ? 'answer' : 'upstream');
}
