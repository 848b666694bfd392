import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtobufError } from './protobuf-reader.ts';
import { decodeXorChunk } from './xor-chunk.ts';

interface BitSample {
  timestampMs: number;
  bits: bigint;
}

const MASK = (1n << 64n) - 1n;

/** The encoding of tsdb/chunkenc/xor.go, as a text of zeros and ones. */
function encode(samples: readonly BitSample[]): Buffer {
  let text = binary(BigInt(samples.length), 16);
  let [time, delta, value] = [0n, 0n, 0n];
  let [leading, trailing] = [-1, 0];
  const changeTo = (bits: bigint): string => {
    const changed = value ^ bits;
    value = bits;
    if (changed === 0n) return '0';
    const digits = binary(changed, 64);
    const [front, back] = [Math.min(31, digits.indexOf('1')), 63 - digits.lastIndexOf('1')];
    if (leading !== -1 && front >= leading && back >= trailing)
      return `10${digits.slice(leading, 64 - trailing)}`;
    [leading, trailing] = [front, back];
    const width = 64 - front - back;
    return `11${binary(BigInt(front), 5)}${binary(BigInt(width) & 63n, 6)}${digits.slice(front, 64 - back)}`;
  };
  for (const [index, { timestampMs, bits }] of samples.entries()) {
    const next = BigInt(timestampMs) - time;
    if (index === 0) text += varint(2n * next) + binary((value = bits), 64);
    else if (index === 1) text += varint(next);
    else text += deltaOfDeltas(next - delta);
    if (index > 0) [delta] = [next];
    if (index > 0) text += changeTo(bits);
    time = BigInt(timestampMs);
  }
  const bytes = text.match(/.{1,8}/g) ?? [];
  return Buffer.from(bytes.map((byte) => parseInt(byte.padEnd(8, '0'), 2)));
}

function deltaOfDeltas(change: bigint): string {
  if (change === 0n) return '0';
  const size = [14n, 17n, 20n].findIndex(
    (bits) => -(1n << (bits - 1n)) < change && change <= 1n << (bits - 1n),
  );
  const width = [14, 17, 20][size] ?? 64;
  return `${['10', '110', '1110'][size] ?? '1111'}${binary(change & ((1n << BigInt(width)) - 1n), width)}`;
}

function varint(value: bigint): string {
  return value < 128n ? binary(value, 8) : binary((value & 127n) | 128n, 8) + varint(value >> 7n);
}

function binary(value: bigint, width: number): string {
  return (value & MASK).toString(2).padStart(width, '0');
}

function decode(data: Uint8Array): BitSample[] {
  const samples: BitSample[] = [];
  decodeXorChunk(data, (timestampMs, high, low) =>
    samples.push({ timestampMs, bits: (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0) }),
  );
  return samples;
}

const bitsOf = (value: number) => Buffer.from(Float64Array.of(value).buffer).readBigUInt64LE();
const STALE = 0x7ff0000000000002n;
const value = fc.oneof(
  fc.double().map(bitsOf),
  fc.integer({ min: 0, max: 1000 }).map(bitsOf),
  fc.bigInt(0n, MASK),
  fc.constantFrom(STALE, 0n, bitsOf(-0)),
);
const delta = fc.oneof(
  fc.constant(15_000),
  fc.integer({ min: 1, max: 100_000 }),
  fc.integer({ min: 1, max: 2 ** 40 }),
);

/** The number of samples before the chunk ended or turned out to be broken. */
function numberIn(data: Uint8Array): number {
  let taken = 0;
  try {
    decodeXorChunk(data, () => (taken += 1));
  } catch (error) {
    if (!(error instanceof ProtobufError)) throw error;
  }
  return taken;
}

describe('a chunk of samples', () => {
  it('is decoded exactly to the bit, staleness markers included', () => {
    const sample = fc.tuple(delta, value);
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 60 }), (steps) => {
        let timestampMs = 1_700_000_000_000;
        const samples = steps.map(([step, bits]) => ({ timestampMs: (timestampMs += step), bits }));
        expect(decode(encode(samples))).toEqual(samples);
      }),
    );
  });

  it('is an error if it is broken, and never has more samples than bits', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (data) => {
        expect(numberIn(data)).toBeLessThanOrEqual(8 * data.length);
      }),
    );
    const whole = encode([1, 2, 3].map((at) => ({ timestampMs: at * 1000, bits: bitsOf(at) })));
    for (let end = 2; end < whole.length; end += 1)
      expect(() => decode(whole.subarray(0, end))).toThrow(ProtobufError);
  });
});
