import { pipeline, Transform, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { ExpositionParser } from '../../prometheus/text-format/text-format-parser.ts';
import type { Sample } from '../../prometheus/sample.ts';
import { myTurn } from '../../runtime/in-turns.ts';
import { SweepFailure } from './sweep-failure.ts';

/** What one answer may cost the portal; more fails the sweep of that site. */
export interface BodyLimits {
  /** Bytes on the wire, and after decompression. */
  maxWireBytes: number;
  maxTextBytes: number;
  maxSamples: number;
  /** Memory that a history takes, about. */
  maxHistoryBytes: number;
}

export const DEFAULT_BODY_LIMITS: BodyLimits = {
  maxWireBytes: 64 * 1024 * 1024,
  maxTextBytes: 256 * 1024 * 1024,
  maxSamples: 1_000_000,
  maxHistoryBytes: 192 * 1024 * 1024,
};

/** A trip to another thread and a piece to parse for so many bytes: the usual 16 KiB make too many of both. */
const UNPACKED_AT_ONCE = 256 * 1024;

/** Text that is parsed in one step: some milliseconds of work, however short its lines are. */
const BYTES_IN_STEP = 16 * 1024;

/** Takes the samples of an answer, one after the other. */
export type TakeSample = (sample: Sample) => void;

/**
 * Parses a `/federate` answer as it streams. Throws where it breaks off, is too large or is not the text format,
 * so that half an answer is never taken for a whole one: what was taken before is to be thrown away then.
 */
export async function readFederateBody(
  body: Readable,
  encoding: 'gzip' | 'identity',
  limits: BodyLimits,
  take: TakeSample,
  signal?: AbortSignal,
): Promise<void> {
  const parser = new ExpositionParser();
  const decoder = strictDecoder();
  const takeAll = atMostSamples(limits, take);
  let last = '\n';
  for await (const chunk of boundedBytes(body, encoding, limits)) {
    for (let start = 0; start < chunk.length; start += BYTES_IN_STEP) {
      const text = decoder.decode(chunk.subarray(start, start + BYTES_IN_STEP), { stream: true });
      last = text.at(-1) ?? last;
      takeAll(parser.push(text));
      await myTurn(signal);
    }
  }
  decoder.decode();
  if (last !== '\n') throw new SweepFailure('the answer ends in the middle of a line');
  takeAll(parser.end());
}

/** A character in place of bytes that are not UTF-8 could make one id of two. */
function strictDecoder() {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const decode = (bytes?: Buffer, options: { stream?: boolean } = {}): string => {
    try {
      return decoder.decode(bytes, options);
    } catch (error) {
      throw new SweepFailure('the answer is not UTF-8', { cause: error });
    }
  };
  return { decode };
}

function atMostSamples({ maxSamples }: BodyLimits, take: TakeSample): (samples: readonly Sample[]) => void {
  let taken = 0;
  return (samples) => {
    taken += samples.length;
    if (taken > maxSamples) throw new SweepFailure(`the answer has more than ${maxSamples} series`);
    for (const sample of samples) take(sample);
  };
}

/** The decoded body; breaking off the iteration ends the stream it comes from. */
function boundedBytes(
  body: Readable,
  encoding: 'gzip' | 'identity',
  { maxWireBytes, maxTextBytes }: BodyLimits,
): AsyncIterable<Buffer> {
  const wire = atMostBytes(maxWireBytes, 'on the wire');
  // Errors reach the reader through the last stream, which the pipeline destroys with them.
  const ignore = () => undefined;
  if (encoding === 'identity') return pipeline(body, wire, ignore);
  return pipeline(
    body,
    wire,
    createGunzip({ chunkSize: UNPACKED_AT_ONCE }),
    atMostBytes(maxTextBytes, 'decompressed'),
    ignore,
  );
}

function atMostBytes(max: number, where: string): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > max)
        done(new SweepFailure(`the answer is larger than ${Math.ceil(max / 1_048_576)} MiB ${where}`));
      else done(null, chunk);
    },
  });
}
