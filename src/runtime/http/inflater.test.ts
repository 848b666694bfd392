import { constants, deflateRawSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Inflater } from './inflater.ts';

/** The content of packed pieces that are overwritten after each call, and how many of their bytes are taken. */
function unpackedFrom(pieces: readonly Buffer[]) {
  const inflater = new Inflater();
  const parts: Buffer[] = [];
  let takenBytes = 0;
  for (const piece of pieces) {
    const shared = Buffer.from(piece);
    for (let [at, isFull] = [0, true]; isFull;) {
      const step = inflater.push(shared.subarray(at));
      parts.push(Buffer.from(step.unpacked));
      [at, isFull] = [at + step.taken, step.isFull];
      takenBytes += step.taken;
    }
    shared.fill(0xff);
  }
  inflater.close();
  return { bytes: Buffer.concat(parts), takenBytes, parts };
}

function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [0, ...places.map((place) => place % bytes.length).toSorted((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

describe('deflate that is unpacked into one memory', () => {
  it('is the same wherever it is cut, and has an end', () => {
    const content = fc
      .tuple(fc.uint8Array({ minLength: 1, maxLength: 5000 }), fc.integer({ min: 1, max: 200 }))
      .map(([bytes, times]) => Buffer.concat(Array.from({ length: times }, () => bytes)));
    fc.assert(
      fc.property(
        content,
        fc.integer({ min: 0, max: 9 }),
        fc.uint8Array({ maxLength: 20 }),
        fc.array(fc.nat(), { maxLength: 8 }),
        (bytes, level, behind, places) => {
          const packed = deflateRawSync(bytes, { level });
          const unpacked = unpackedFrom(cut(Buffer.concat([packed, behind]), places));
          expect(unpacked.bytes.equals(bytes)).toBe(true);
          expect(unpacked.takenBytes).toBe(packed.length);
        },
      ),
    );
  });

  it('comes in small parts even if a few bytes contain very much', () => {
    const { bytes, parts } = unpackedFrom([deflateRawSync(Buffer.alloc(5_000_000))]);
    expect(bytes.length).toBe(5_000_000);
    expect(Math.max(...parts.map(({ length }) => length))).toBeLessThan(300_000);
  });

  it('comes as soon as it can be unpacked', () => {
    const start = deflateRawSync('a line\n', { finishFlush: constants.Z_SYNC_FLUSH });
    expect(unpackedFrom([start]).bytes.toString()).toBe('a line\n');
  });

  it('is an error if it is not deflate, also after a good start', () => {
    const start = deflateRawSync('a line\n', { finishFlush: constants.Z_SYNC_FLUSH });
    for (const pieces of [[Buffer.alloc(20, 0xff)], [start, Buffer.alloc(20, 0xff)]])
      expect(() => unpackedFrom(pieces)).toThrow('invalid block type');
  });
});
