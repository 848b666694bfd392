import { describe, expect, it } from 'vitest';
import { CursorError, readCursor, writeCursor } from './cursor.ts';

describe('a cursor', () => {
  it('gives back what was written', () => {
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
  ])('with %j is refused', (keys) => {
    expect(() => readCursor(writeCursor(keys), [0, ''])).toThrow(CursorError);
  });
});
