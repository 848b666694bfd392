import { array, assert, integer, property, record } from 'fast-check';
import { expect, it } from 'vitest';
import { mayTake } from './fair-room.ts';

const MOST = 1000;

it('has room for a sharer with less than its equal part, and never more than the whole room', () => {
  const sharers = 4;
  const wish = record({ who: integer({ min: 0, max: sharers - 1 }), amount: integer({ min: 1, max: 50 }) });
  assert(
    property(array(wish, { maxLength: 200 }), (wishes) => {
      const taken = Array<number>(sharers).fill(0);
      const all = () => taken.reduce((sum, part) => sum + part, 0);
      for (const { who, amount } of wishes) {
        const own = taken[who] ?? 0;
        const may = mayTake({ most: MOST, taken: all(), own, sharers });
        expect(may || own >= MOST / 2 / sharers).toBe(true);
        if (may) taken[who] = own + amount;
      }
      expect(all()).toBeLessThan(MOST + sharers * 50);
    }),
  );
});

it('gives the whole room to a single sharer', () => {
  expect(mayTake({ most: MOST, taken: 999, own: 999, sharers: 1 })).toBe(true);
  expect(mayTake({ most: MOST, taken: 1000, own: 1000, sharers: 1 })).toBe(false);
});
