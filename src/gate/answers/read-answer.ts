import { setImmediate } from 'node:timers/promises';
import {
  type ChunkedSeries,
  decodeChunkedResponse,
  XOR_CHUNK,
} from '../../prometheus/remote/chunked-read.ts';
import { ProtobufError } from '../../prometheus/remote/protobuf-reader.ts';
import type { QueryResult } from '../../prometheus/remote/samples-answer.ts';
import { readSeries, type SeriesIdentity } from '../../prometheus/remote/time-series.ts';
import { decodeXorChunk } from '../../prometheus/remote/xor-chunk.ts';
import { seriesTest } from './allowed-series.ts';
import { AnswerError } from './answer-error.ts';
import type { Selector } from '../policy.ts';
import { FrameSplitter } from './read-frames.ts';

/** Throws `AnswerError` for a series that no allowed selector selects. Without allowed selectors every series passes. */
type CheckSeries = (identity: SeriesIdentity) => void;

function seriesCheck(allowed: readonly Selector[] | undefined): CheckSeries {
  if (allowed === undefined) return () => undefined;
  const isAllowed = seriesTest(allowed);
  return ({ name, labels }) => {
    if (!isAllowed(name, labels)) throw new AnswerError('the answer holds a series outside the policy');
  };
}

/** Passes on a stream of chunks frame by frame. Throws `AnswerError` at the first series outside the policy. */
export async function* checkedChunks(
  body: AsyncIterable<Buffer>,
  allowed: readonly Selector[],
): AsyncGenerator<Buffer> {
  const check = seriesCheck(allowed);
  const frames = new FrameSplitter();
  for await (const bytes of body) {
    const { whole, messages } = frames.push(bytes);
    for (const message of messages)
      for (const { labels } of understood(() => decodeChunkedResponse(message)))
        check(understood(() => readSeries(labels)));
    yield whole;
  }
  frames.end();
}

/** The time whose samples are wanted, both ends included. */
interface TimeRange {
  startMs: number;
  endMs: number;
}

/** Bytes of chunks that are decoded before other work has its turn. */
const TURN_BYTES = 16_384;

/**
 * Gathers the samples of a stream of chunks. Chunks can hold samples outside the range, which are left out; so are chunks of
 * native histograms. Throws `AnswerError`, and the error of `result` where there are too many samples.
 */
export async function gatherSamples(
  body: AsyncIterable<Buffer>,
  result: QueryResult,
  { range, allowed }: { range: TimeRange; allowed: readonly Selector[] | undefined },
): Promise<void> {
  const check = seriesCheck(allowed);
  const frames = new FrameSplitter();
  let decodedBytes = 0;
  for await (const bytes of body)
    for (const message of frames.push(bytes).messages)
      for (const series of understood(() => decodeChunkedResponse(message)))
        for (const data of chunksOf(series)) {
          understood(() => gather(series.labels, data, result, range, check));
          decodedBytes += data.length;
          if (decodedBytes < TURN_BYTES) continue;
          decodedBytes = 0;
          await setImmediate();
        }
  frames.end();
}

function chunksOf({ chunks }: ChunkedSeries): Buffer[] {
  return chunks.flatMap(({ encoding, data }) => (encoding === XOR_CHUNK ? [data] : []));
}

function gather(
  labels: string,
  data: Buffer,
  result: QueryResult,
  { startMs, endMs }: TimeRange,
  check: CheckSeries,
): void {
  const series = result.series(labels, check);
  decodeXorChunk(data, (timestampMs, high, low) => {
    if (timestampMs >= startMs && timestampMs <= endMs) series.add(timestampMs, high, low);
  });
}

function understood<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof ProtobufError)
      throw new AnswerError('the answer is not that of a remote read', { cause: error });
    throw error;
  }
}
