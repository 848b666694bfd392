import { Transform } from 'node:stream';
import { decodeReadResponse, seriesOfChunkedResponse } from '../prometheus/remote-read.ts';
import { AnswerError, createSeriesTest } from './answer-filter.ts';
import type { Selector } from './policy.ts';

/** An answer with samples has to be opened as one: it is bounded, and who needs more asks for chunks. */
export const MAX_SAMPLES_BYTES = 33_554_432;
const MAX_UNPACKED_BYTES = 134_217_728;
const MAX_FRAME_BYTES = 16_777_216;
const CHECKSUM_BYTES = 4;
const MAX_LENGTH_BYTES = 4;

/** Throws `AnswerError` for an answer with samples that holds a series outside the policy. */
export function checkSamples(body: Uint8Array, allowed: readonly Selector[]): void {
  const isWithin = createSeriesTest(allowed);
  const series = understood(() => decodeReadResponse(body, MAX_UNPACKED_BYTES).flat());
  if (!series.every(({ name, labels }) => isWithin(name, labels))) throw outside();
}

/**
 * Passes on a stream of chunks frame by frame: length, checksum, `ChunkedReadResponse`. Ends with an `AnswerError` at the first series
 * that no allowed selector selects. Source: ChunkedWriter in storage/remote/chunked.go of Prometheus.
 */
export function createChunkFilter(allowed: readonly Selector[]): Transform {
  const isWithin = createSeriesTest(allowed);
  let rest = Buffer.alloc(0);
  const examine = (bytes: Buffer): Buffer => {
    const all = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    let at = 0;
    for (let frame = frameAt(all, at); frame !== undefined; frame = frameAt(all, at)) {
      const { start, end } = frame;
      const series = understood(() => seriesOfChunkedResponse(all.subarray(start, end)));
      if (!series.every(({ name, labels }) => isWithin(name, labels))) throw outside();
      at = end;
    }
    rest = Buffer.from(all.subarray(at));
    return all.subarray(0, at);
  };
  return new Transform({
    transform: (chunk: Buffer, _, done) => attempt(done, () => examine(chunk)),
    flush: (done) =>
      done(rest.length === 0 ? null : new AnswerError('the answer ends in the middle of a frame')),
  });
}

function attempt(done: (error: Error | null, bytes?: Buffer) => void, work: () => Buffer): void {
  try {
    done(null, work());
  } catch (error) {
    done(error as Error);
  }
}

/** Where the data of the frame at `at` lies; undefined where it has not arrived whole. */
function frameAt(bytes: Buffer, at: number): { start: number; end: number } | undefined {
  let length = 0;
  for (let index = 0; index < MAX_LENGTH_BYTES; index++) {
    const byte = bytes[at + index];
    if (byte === undefined) return undefined;
    length += (byte & 0x7f) * 128 ** index;
    if (byte >= 0x80) continue;
    if (length > MAX_FRAME_BYTES) break;
    const start = at + index + 1 + CHECKSUM_BYTES;
    return start + length <= bytes.length ? { start, end: start + length } : undefined;
  }
  throw new AnswerError('a frame of the answer is too long');
}

function understood<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new AnswerError('the answer is not that of a remote read', { cause: error });
  }
}

function outside(): AnswerError {
  return new AnswerError('the answer holds a series outside the policy');
}
