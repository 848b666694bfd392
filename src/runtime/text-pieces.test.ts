import { describe, expect, it } from 'vitest';
import { textPieces } from './text-pieces.ts';

describe('a text in pieces', () => {
  it('has its parts in their order, each in one piece', () => {
    expect([...textPieces(['a', 'bcd', '', 'ef', 'g'], 3)]).toEqual(['abcd', 'efg']);
    expect([...textPieces(['a', 'bcd', 'e'], 3)]).toEqual(['abcd', 'e']);
  });

  it('has no pieces if there is no text', () => {
    expect([...textPieces(['', ''])]).toEqual([]);
  });
});
