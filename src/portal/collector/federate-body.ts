import type { Readable } from 'node:stream';
import { ExpositionParser } from '../../prometheus/text-format/text-format-parser.ts';
import type { Sample } from '../../prometheus/sample.ts';
import { unpacked, type BodyEncoding } from '../../runtime/http/unpacked.ts';
import { SweepFailure } from './sweep-failure.ts';

/** The limits of one answer. A larger answer fails the sweep of its site. */
export interface BodyLimits {
  /** Bytes on the wire, and after decompression. */
  maxWireBytes: number;
  maxTextBytes: number;
  maxSamples: number;
  /** Memory of a history, estimated. */
  maxHistoryBytes: number;
}

export const DEFAULT_BODY_LIMITS: BodyLimits = {
  maxWireBytes: 64 * 1024 * 1024,
  maxTextBytes: 256 * 1024 * 1024,
  maxSamples: 1_000_000,
  maxHistoryBytes: 192 * 1024 * 1024,
};

/** Receives the samples of an answer, one after the other. */
export type TakeSample = (sample: Sample) => void;

/**
 * Parses a `/federate` answer while it streams. Throws if the answer breaks off, is too large, or is not in the text
 * format. Then the caller has to discard the samples so far: half an answer must never count as a whole one.
 */
export async function readFederateBody(
  body: Readable,
  encoding: BodyEncoding,
  limits: BodyLimits,
  take: TakeSample,
  signal?: AbortSignal,
): Promise<void> {
  const parser = new ExpositionParser();
  const decoder = strictDecoder();
  const takeAll = atMostSamples(limits, take);
  const bounds = {
    maxWireBytes: limits.maxWireBytes,
    maxUnpackedBytes: limits.maxTextBytes,
    refusal: tooLarge,
  };
  let last = '\n';
  for await (const piece of unpacked(body, encoding, bounds, signal)) {
    const text = decoder.decode(piece, { stream: true });
    last = text.at(-1) ?? last;
    takeAll(parser.push(text));
  }
  decoder.decode();
  if (last !== '\n') throw new SweepFailure('the answer ends in the middle of a line');
  takeAll(parser.end());
}

function tooLarge(maxBytes: number, where: string): SweepFailure {
  return new SweepFailure(`the answer is larger than ${Math.ceil(maxBytes / 1_048_576)} MiB ${where}`);
}

/** Refuses bytes that are not UTF-8: a replacement character could make two ids equal. */
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
