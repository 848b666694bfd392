import type { IncomingMessage, ServerResponse } from 'node:http';
import { ProtobufError } from '../../prometheus/remote/protobuf-reader.ts';
import { SnappyError } from '../../prometheus/remote/snappy.ts';
import { regexProblem } from '../../prometheus/selectors/regex.ts';
import { decodeReadRequest, type ReadQuery } from '../../prometheus/remote/remote-read.ts';
import type { Matcher } from '../../prometheus/selectors/selectors.ts';
import { decide, type Policy, type Selector } from '../policy.ts';
import { Refusal } from '../refusal.ts';
import { headerValues } from './request.ts';
import type { ReadRequest } from '../sources/source.ts';

/**
 * The second is for clients such as vmctl, which want streamed chunks and label the request with the type of the
 * answer.
 */
const TYPES = new Set([
  'application/x-protobuf',
  'application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse',
]);
const MAX_BODY_BYTES = 65_536;
const MAX_MESSAGE_BYTES = 65_536;
/** Limit for queries, matchers and accepted forms of an answer together. */
const MAX_ITEMS = 1000;
const MAX_QUERIES = 10;
const MAX_VALUE_LENGTH = 2048;
const MAX_RANGE_MS = 366 * 86_400_000;

/** Reads the body of a remote read request, within limits. Throws `Refusal`. */
export async function readBody(request: IncomingMessage, response: ServerResponse): Promise<Buffer> {
  const of = (name: string) => headerValues({ rawHeaders: request.rawHeaders }, name);
  const [length = ''] = of('content-length');
  if (of('content-length').length !== 1 || of('transfer-encoding').length > 0)
    throw new Refusal(411, 'one Content-Length is needed');
  if (!TYPES.has(of('content-type')[0] ?? '') || of('content-encoding')[0] !== 'snappy')
    throw new Refusal(415, "a remote read is snappy'd application/x-protobuf");
  if (!/^\d{1,9}$/.test(length) || Number(length) > MAX_BODY_BYTES)
    throw new Refusal(413, `a remote read has at most ${MAX_BODY_BYTES} bytes`);
  if (of('expect').length > 0) response.writeContinue();
  return await wholeBody(request);
}

async function wholeBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch (error) {
    throw new Refusal(400, 'the request broke off', { cause: error });
  }
  return Buffer.concat(chunks);
}

/**
 * Decides a remote read by the same rules as a federation, and returns new queries for Prometheus. Calls `charge` before the
 * costly part. Throws `Refusal`.
 */
export function decideRead(
  body: Uint8Array,
  policy: Policy,
  charge: (selectors: readonly Selector[]) => void,
): Pick<ReadRequest, 'queries' | 'answer'> {
  const { queries, accepted } = decoded(body);
  if (queries.length === 0 || queries.length > MAX_QUERIES)
    throw new Refusal(400, `between 1 and ${MAX_QUERIES} queries are accepted`);
  const selectors = queries.map(({ matchers }) => matchers);
  charge(selectors);
  for (const query of queries) checkQuery(query);
  const decision = decide(selectors, policy);
  if (!decision.allowed) throw new Refusal(403, decision.reason);
  const forwarded = queries.map(({ startMs, endMs }, index) => ({
    startMs,
    endMs,
    matchers: decision.forwarded[index] ?? [],
  }));
  return { queries: forwarded, answer: accepted[0] ?? 'samples' };
}

function decoded(body: Uint8Array) {
  try {
    return decodeReadRequest(body, MAX_MESSAGE_BYTES, MAX_ITEMS);
  } catch (error) {
    if (error instanceof ProtobufError || error instanceof SnappyError)
      throw new Refusal(400, `this is not a remote read request: ${error.message}`, { cause: error });
    throw error;
  }
}

function checkQuery({ startMs, endMs, matchers }: ReadQuery): void {
  if (startMs < 0 || endMs < startMs) throw new Refusal(400, 'a query ends before it begins');
  if (endMs - startMs > MAX_RANGE_MS) throw new Refusal(400, 'a query is for more than 366 days');
  if (!matchers.every(isProper)) throw new Refusal(400, 'a query has a matcher that is not accepted');
}

function isProper({ label, op, value }: Matcher): boolean {
  if (label === '' || label.length > MAX_VALUE_LENGTH || value.length > MAX_VALUE_LENGTH) return false;
  return op === '=' || op === '!=' || regexProblem(value) === undefined;
}
