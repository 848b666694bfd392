import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { AnswerMemory } from './answer-memory.ts';

function answers(count: number): PassThrough[] {
  return Array.from({ length: count }, () => new PassThrough());
}

const broken = (list: readonly PassThrough[]) => list.map(({ destroyed }) => destroyed);

it('breaks off the answer without progress for the longest time, and no other', () => {
  const answerMemory = new AnswerMemory(30);
  const list = answers(4);
  const [first] = list as [PassThrough];
  for (const answer of list.slice(0, 3)) answerMemory.hold(answer, 10);
  answerMemory.hold(first, 10);
  expect(broken(list)).toEqual([false, false, false, false]);
  for (const answer of list.slice(3)) answerMemory.hold(answer, 10);
  expect(broken(list)).toEqual([false, true, false, false]);
});

it('gives room back when an answer ends, and accepts one that is larger than all room', async () => {
  const answerMemory = new AnswerMemory(30);
  const [ended, small, large, later] = answers(4) as [PassThrough, PassThrough, PassThrough, PassThrough];
  answerMemory.hold(ended, 30);
  await new Promise((resolve) => ended.once('close', resolve).destroy());
  answerMemory.hold(small, 30);
  expect(small.destroyed).toBe(false);
  answerMemory.hold(large, 100);
  expect(broken([small, large])).toEqual([true, false]);
  answerMemory.hold(later, 1);
  expect(broken([large, later])).toEqual([true, false]);
});
