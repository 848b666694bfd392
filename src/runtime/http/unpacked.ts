import { pipeline, Transform, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { myTurn } from '../in-turns.ts';

export type BodyEncoding = 'gzip' | 'identity';

/** What a body may have on its way; `refusal` makes the error where it has more. */
export interface BodyBounds {
  maxWireBytes: number;
  maxUnpackedBytes: number;
  refusal: (maxBytes: number, where: 'on the wire' | 'decompressed') => Error;
}

/** A trip to another thread and a piece to parse for so many bytes: the usual 16 KiB make too many of both. */
const UNPACKED_AT_ONCE = 256 * 1024;

/** Bytes that are given out at once: what is made of them takes some milliseconds, however short its lines are. */
const BYTES_IN_STEP = 16 * 1024;

/**
 * The bytes of a body, unpacked as they come, each piece when it is its turn. Breaking off the iteration ends the stream that
 * it comes from. Throws the reason of `signal`.
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
  // Errors reach the reader through the last stream, which the pipeline destroys with them.
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
