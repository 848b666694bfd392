import { describe, expect, it } from 'vitest';
import { assignColours, colourProperty } from './colours.ts';
import { OTHER_KEY } from './stack.ts';

describe('colours of layers', () => {
  it('are assigned in order, and "other" has none', () => {
    expect([...assignColours(new Map(), ['a', 'b', OTHER_KEY])]).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
  });

  it('stay with a layer if its rank changes; a new layer gets a free colour', () => {
    const before = assignColours(new Map(), ['a', 'b', 'c']);
    expect([...assignColours(before, ['c', 'd', 'a'])]).toEqual([
      ['c', 3],
      ['d', 2],
      ['a', 1],
    ]);
  });

  it('are custom properties of the style sheet', () => {
    expect([colourProperty(2), colourProperty(undefined)]).toEqual(['--series-2', '--series-other']);
  });
});
