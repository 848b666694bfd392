import { CursorError } from '../../question-errors.ts';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCursor, writeCursor } from './cursor.ts';

describe('a cursor', () => {
  it('gives back its keys', () => {
    expect(readCursor(writeCursor([490_000, 'a']), [0, ''])).toEqual([490_000, 'a']);
  });

  it.each([
    [[1e300, 'a']],
    [[0.5, 'a']],
    [[2 ** 31, 'a']],
    [['0', 'a']],
    [[0]],
    [[0, 'a\0']],
    [[-(2 ** 31), 'a']],
  ])('is refused with %j', (keys) => {
    expect(() => readCursor(writeCursor(keys), [0, ''])).toThrow(CursorError);
  });

  it('is refused for any text, or gives keys that are no longer than the text', () => {
    const json = fc.oneof(
      fc.json(),
      fc.integer({ min: 0, max: 200 }).map((depth) => '['.repeat(depth) + ']'.repeat(depth)),
      fc
        .array(fc.oneof(fc.integer(), fc.double(), fc.string({ unit: 'binary' })), { maxLength: 3 })
        .map((keys) => JSON.stringify(keys)),
      fc
        .tuple(fc.constantFrom('1e9', '-0', '1e400', '490000'), fc.string({ unit: 'binary' }))
        .map(([hour, name]) => `[${hour},${JSON.stringify(name)}]`),
    );
    const anyCursor = fc.oneof(
      fc.string({ unit: 'binary' }),
      json.map((text) => Buffer.from(text).toString('base64url')),
    );
    fc.assert(
      fc.property(anyCursor, (cursor) => {
        const keys = keysOrRefusal(cursor);
        if (keys === undefined) return;
        expect(keys).toHaveLength(2);
        expect(Math.abs(keys[0])).toBeLessThan(2 ** 31);
        expect(keys[1].length).toBeLessThanOrEqual(cursor.length);
      }),
      { numRuns: 200 },
    );
  });
});

function keysOrRefusal(cursor: string): readonly [number, string] | undefined {
  try {
    return readCursor(cursor, [0, ''] as [number, string]);
  } catch (error) {
    if (error instanceof CursorError) return undefined;
    throw error;
  }
}
