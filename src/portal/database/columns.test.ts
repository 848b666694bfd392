import { expect, it } from 'vitest';
import { inBatches } from './columns.ts';

it('writes rows in order, in statements of a bounded size, and lets other work run', async () => {
  const batches: number[][] = [];
  let turns = 0;
  const other = setInterval(() => (turns += 1), 0);
  function* rows(): Generator<number | void> {
    for (let row = 1; row <= 10_000; row += 1) {
      yield row;
      if (row > 9000) yield;
    }
  }
  await inBatches(rows(), async (batch) => await Promise.resolve(batches.push([...batch])));
  clearInterval(other);
  expect(batches.map(({ length }) => length)).toEqual([4000, 4000, 2000]);
  expect(batches.flat()).toEqual(Array.from({ length: 10_000 }, (_, index) => index + 1));
  expect(turns).toBeGreaterThan(0);
});
