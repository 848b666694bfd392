import { ProtobufError, ProtobufReader } from './protobuf-reader.ts';
import { ProtobufWriter } from './protobuf-writer.ts';
import type { Matcher } from '../selectors/selectors.ts';
import { fromSnappy, snappySteps, toSnappy } from './snappy.ts';
import type { Steps } from '../steps.ts';
import { itemBudget, ItemBudget, Pace, readSeries, timeSeriesSteps, type TimeSeries } from './time-series.ts';

// Source: prompb/remote.proto and prompb/types.proto of Prometheus.

/** The most results, series and samples of an answer together: a few hundred megabytes of memory. */
const MAX_RESPONSE_ITEMS = 3_000_000;

/** The forms of an answer: one message with samples, or a stream of chunks. */
export type ReadResponseType = 'samples' | 'streamed-chunks';

export interface ReadQuery {
  /** Unix milliseconds. The query includes both ends. */
  startMs: number;
  endMs: number;
  matchers: readonly Matcher[];
}

export interface ReadRequestMessage {
  queries: ReadQuery[];
  /** The accepted forms, the preferred one first. If empty, the answer has samples. */
  accepted: ReadResponseType[];
}

const OPS = ['=', '!=', '=~', '!~'] as const;
const RESPONSE_TYPES = ['samples', 'streamed-chunks'] as const;

/** The body of `POST /api/v1/read`: protobuf, compressed with Snappy. */
export function encodeReadRequest(
  queries: readonly ReadQuery[],
  accepted: readonly ReadResponseType[] = ['samples'],
): Uint8Array {
  const message = new ProtobufWriter();
  for (const query of queries) message.message(1, queryMessage(query));
  for (const type of accepted) message.int64(2, RESPONSE_TYPES.indexOf(type));
  return toSnappy(message.finish());
}

function queryMessage({ startMs, endMs, matchers }: ReadQuery): ProtobufWriter {
  const message = new ProtobufWriter().int64(1, startMs).int64(2, endMs);
  for (const { label, op, value } of matchers)
    message.message(3, new ProtobufWriter().int64(1, OPS.indexOf(op)).text(2, label).text(3, value));
  return message;
}

/** Reads the body of a request and ignores its hints. Throws `SnappyError` or `ProtobufError`. */
export function decodeReadRequest(
  body: Uint8Array,
  maxBytes: number,
  maxItems = Infinity,
): ReadRequestMessage {
  const message = new ProtobufReader(fromSnappy(body, maxBytes));
  const spend = itemBudget(maxItems, 'queries and matchers');
  const queries: ReadQuery[] = [];
  const accepted = new Set<ReadResponseType>();
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 1) queries.push(readQuery(message.message(), spend));
    else if (field === 2) for (const type of readResponseTypes(message)) accepted.add(type);
    else message.skip();
  }
  return { queries, accepted: [...accepted] };
}

/** A list of enums, written one by one or packed. Unknown types are left out. */
function readResponseTypes(message: ProtobufReader): ReadResponseType[] {
  return message.numbers().flatMap((number) => RESPONSE_TYPES[number] ?? []);
}

function readQuery(message: ProtobufReader, spend: () => void): ReadQuery {
  spend();
  let [startMs, endMs] = [0, 0];
  const matchers: Matcher[] = [];
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 1) startMs = message.int64();
    else if (field === 2) endMs = message.int64();
    else if (field === 3) {
      spend();
      matchers.push(readMatcher(message.message()));
    } else message.skip();
  }
  return { startMs, endMs, matchers };
}

function readMatcher(message: ProtobufReader): Matcher {
  let [type, label, value] = [0, '', ''];
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 1) type = message.number();
    else if (field === 2) label = message.text();
    else if (field === 3) value = message.text();
    else message.skip();
  }
  const op = OPS[type];
  if (op === undefined) throw new ProtobufError('a matcher has an unknown type');
  return { label, op, value };
}

/** Limits of an answer: `maxBytes` after decompression; `maxItems` series and samples, and as many labels. */
export interface ReadLimits {
  maxBytes: number;
  maxItems?: number | undefined;
}

/**
 * Calls `take` with each series of an answer with samples and the index of its query. Throws `SnappyError` or
 * `ProtobufError`.
 */
export function* readResponseSteps(
  body: Uint8Array,
  { maxBytes, maxItems = MAX_RESPONSE_ITEMS }: ReadLimits,
  take: (series: TimeSeries, query: number) => void,
): Steps<void> {
  const message = new ProtobufReader(yield* snappySteps(body, maxBytes));
  const budget = new ItemBudget(maxItems);
  const pace = new Pace();
  let query = -1;
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (pace.isOver(message)) yield;
    if (field !== 1) {
      message.skip();
      continue;
    }
    budget.item();
    query += 1;
    const result = message.message();
    for (let part = result.next(); part !== 0; part = result.next()) {
      if (part === 1) {
        const { labels, samples } = yield* timeSeriesSteps(result.message(), budget, pace);
        take({ ...readSeries(labels), samples }, query);
      } else result.skip();
      if (pace.isOver(result)) yield;
    }
  }
}
