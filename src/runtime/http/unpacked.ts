import { pipeline, Transform, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { myTurn } from '../in-turns.ts';

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
  for await (const chunk of bounded(body, encoding, bounds))
    for (let start = 0; start < chunk.length; start += BYTES_IN_STEP) {
      yield chunk.subarray(start, start + BYTES_IN_STEP);
      await myTurn(signal);
    }
}

function bounded(
  body: Readable,
  encoding: BodyEncoding,
  { maxWireBytes, maxUnpackedBytes, refusal }: BodyBounds,
): AsyncIterable<Buffer> {
  const wire = atMost(maxWireBytes, () => refusal(maxWireBytes, 'on the wire'));
  // The pipeline passes errors to the last stream, and the reader gets them from there.
  const ignore = () => undefined;
  if (encoding === 'identity') return pipeline(body, wire, ignore);
  const gunzip = createGunzip({ chunkSize: UNPACKED_AT_ONCE });
  const whole = atMost(maxUnpackedBytes, () => refusal(maxUnpackedBytes, 'decompressed'));
  return pipeline(body, wire, gunzip, whole, ignore);
}

function atMost(maxBytes: number, refusal: () => Error): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > maxBytes) done(refusal());
      else done(null, chunk);
    },
  });
}
