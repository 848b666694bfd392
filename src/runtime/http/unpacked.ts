import { pipeline, type Readable } from 'node:stream';
import { createGunzip, gunzipSync } from 'node:zlib';
import { myTurn } from '../in-turns.ts';
import { codeOf } from '../user-error.ts';

export type BodyEncoding = 'gzip' | 'identity';

/** Limits of a body; `refusal` makes the error for a larger one. */
export interface BodyBounds {
  maxWireBytes: number;
  maxUnpackedBytes: number;
  refusal: (maxBytes: number, where: 'on the wire' | 'decompressed') => Error;
}

/** Bytes of a decompressed chunk. Each costs a trip to another thread; the default of 16 KiB would cost too many trips. */
const UNPACKED_AT_ONCE = 256 * 1024;

/** Bytes of a piece: even with very short lines, parsing one takes only some milliseconds. */
const BYTES_IN_STEP = 16 * 1024;

/** A body with at most so many bytes is unpacked here, within a millisecond: a stream takes several times the CPU. */
const SMALL = { wireBytes: 16 * 1024, unpackedBytes: 256 * 1024, chunkSize: 32 * 1024 };

/**
 * The decompressed bytes of a body as they arrive, in small pieces that take turns with other work. Ending the iteration
 * early destroys `body`. Throws the error of `refusal`, and the reason of `signal`.
 */
export async function* unpacked(
  body: Readable,
  encoding: BodyEncoding,
  bounds: BodyBounds,
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  const { maxWireBytes, refusal } = bounds;
  const wire = atMost(maxWireBytes, () => refusal(maxWireBytes, 'on the wire'), body);
  let isFirst = true;
  try {
    for await (const chunk of encoding === 'identity' ? wire : await inflated(wire, bounds))
      for (let start = 0; start < chunk.length; start += BYTES_IN_STEP) {
        if (!isFirst) await myTurn(signal);
        isFirst = false;
        yield chunk.subarray(start, start + BYTES_IN_STEP);
      }
  } finally {
    body.destroy();
  }
}

async function inflated(
  wire: AsyncGenerator<Buffer>,
  { maxUnpackedBytes, refusal }: BodyBounds,
): Promise<AsyncIterable<Buffer> | Iterable<Buffer>> {
  const start: Buffer[] = [];
  let bytes = 0;
  let next = await wire.next();
  for (; next.done !== true && bytes + next.value.length <= SMALL.wireBytes; next = await wire.next()) {
    start.push(next.value);
    bytes += next.value.length;
  }
  const small = next.done === true ? inflatedAtOnce(Buffer.concat(start, bytes)) : undefined;
  if (small !== undefined && small.length <= maxUnpackedBytes) return [small];
  const rest = async function* () {
    yield* start;
    if (next.done !== true) yield next.value;
    yield* wire;
  };
  // The pipeline passes errors to the last stream, and the reader gets them from there.
  const chunks = pipeline(rest, createGunzip({ chunkSize: UNPACKED_AT_ONCE }), () => undefined);
  return atMost(maxUnpackedBytes, () => refusal(maxUnpackedBytes, 'decompressed'), chunks);
}

/** The bytes of a small body; undefined if it unpacks to many. */
function inflatedAtOnce(body: Buffer): Buffer | undefined {
  try {
    return gunzipSync(body, { chunkSize: SMALL.chunkSize, maxOutputLength: SMALL.unpackedBytes });
  } catch (error) {
    if (codeOf(error) === 'ERR_BUFFER_TOO_LARGE') return undefined;
    throw error;
  }
}

async function* atMost(
  maxBytes: number,
  refusal: () => Error,
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw refusal();
    yield chunk;
  }
}
