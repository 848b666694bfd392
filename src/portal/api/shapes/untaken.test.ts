import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { Untaken } from './untaken.ts';

function answers(count: number): PassThrough[] {
  return Array.from({ length: count }, () => new PassThrough());
}

const broken = (list: readonly PassThrough[]) => list.map(({ destroyed }) => destroyed);

it('breaks off the answer that moved least lately, and no other', () => {
  const untaken = new Untaken(30);
  const list = answers(4);
  const [first] = list as [PassThrough];
  for (const answer of list.slice(0, 3)) untaken.hold(answer, 10);
  untaken.hold(first, 10);
  expect(broken(list)).toEqual([false, false, false, false]);
  for (const answer of list.slice(3)) untaken.hold(answer, 10);
  expect(broken(list)).toEqual([false, true, false, false]);
});

it('gives room back when an answer ends, and takes one that is larger than all room', async () => {
  const untaken = new Untaken(30);
  const [ended, small, large, later] = answers(4) as [PassThrough, PassThrough, PassThrough, PassThrough];
  untaken.hold(ended, 30);
  await new Promise((resolve) => ended.once('close', resolve).destroy());
  untaken.hold(small, 30);
  expect(small.destroyed).toBe(false);
  untaken.hold(large, 100);
  expect(broken([small, large])).toEqual([true, false]);
  untaken.hold(later, 1);
  expect(broken([large, later])).toEqual([true, false]);
});
