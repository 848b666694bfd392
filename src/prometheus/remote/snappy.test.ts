import { array, assert, integer, property, record, uint8Array } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromSnappy, SnappyError, toSnappy, toSnappyPieces } from './snappy.ts';

describe('a Snappy block', () => {
  it('gives back the compressed bytes, for all kinds of repetition', () => {
    const piece = record({
      bytes: uint8Array({ maxLength: 70 }),
      times: integer({ min: 1, max: 40 }),
    });
    assert(
      property(array(piece, { maxLength: 8 }), (pieces) => {
        const bytes = Buffer.concat(
          pieces.flatMap(({ bytes: part, times }) => Array<Uint8Array>(times).fill(part)),
        );
        expect(fromSnappy(toSnappy(bytes), bytes.length).equals(bytes)).toBe(true);
      }),
    );
  });

  it('has the same bytes if it is made piece by piece', () => {
    const lengths = array(integer({ min: 0, max: 70_000 }), { maxLength: 5 });
    assert(
      property(lengths, (sizes) => {
        const pieces = sizes.map((size, index) => Buffer.alloc(size, `piece ${index} `));
        const bytes = Buffer.concat(pieces);
        const block = Buffer.concat([...toSnappyPieces(pieces, bytes.length)]);
        expect(fromSnappy(block, bytes.length).equals(bytes)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it.each([
    ['nothing', ''],
    ['a length without end', 'ffffffffff0f'],
    ['more than it states', '01083132'],
    ['less than it states', '0a0031'],
    ['a literal that breaks off', '0a24313233'],
    ['a literal of a negative length', '0afcfaffffff'],
    ['a copy from before the beginning', '0a003111ff'],
    ['a copy of itself', '0a00310100'],
  ])('with %s is refused', (_what, hex) => {
    expect(() => fromSnappy(Buffer.from(hex, 'hex'), 1_000_000)).toThrow(SnappyError);
  });
});
