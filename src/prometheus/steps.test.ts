import { array, assert, integer, property } from 'fast-check';
import { expect, it } from 'vitest';
import { atOnce, distinctOf, sortedInSteps } from './steps.ts';

it('sorts in steps with the same result as at once, equal items in their order', () => {
  const byTens = (one: number, other: number) => Math.floor(one / 10) - Math.floor(other / 10);
  assert(
    property(array(integer({ min: 0, max: 99 })), integer({ min: 1, max: 9 }), (items, itemsInStep) => {
      expect(atOnce(sortedInSteps(items, byTens, itemsInStep))).toEqual(items.toSorted(byTens));
    }),
  );
});

it('compares a bounded number of items in a step of sorting', () => {
  let [compared, most] = [0, 0];
  const compare = (one: number, other: number) => {
    compared += 1;
    return one - other;
  };
  const items = Array.from({ length: 100_000 }, (_, i) => (i * 7919) % 100_003);
  for (const steps = sortedInSteps(items, compare, 100); steps.next().done !== true; compared = 0)
    most = Math.max(most, compared);
  expect(most).toBeLessThan(1000);
});

it('finds the distinct texts of items', () => {
  expect([...atOnce(distinctOf(['b', 'a', 'b'], (text) => text))]).toEqual(['b', 'a']);
});
