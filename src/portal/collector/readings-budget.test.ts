import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { ReadingsBudget } from './readings-budget.ts';

/** Sweeps that say when they are let in. */
function setUp() {
  const budget = new ReadingsBudget(100, 10);
  const inside: string[] = [];
  const enter = async (name: string, readings: number) => {
    const held = await budget.enter(readings);
    inside.push(name);
    return held;
  };
  return { inside, enter };
}

it('lets large sweeps in while there is room, and the others in turn', async () => {
  const { inside, enter } = setUp();
  const first = await enter('60', 60);
  void enter('70', 70);
  void enter('30', 30);
  await turn();
  expect(inside).toEqual(['60']);
  first.release();
  await turn();
  expect(inside).toEqual(['60', '70', '30']);
});

it('never lets a small sweep wait', async () => {
  const { inside, enter } = setUp();
  await enter('100', 100);
  await enter('10', 10);
  expect(inside).toEqual(['100', '10']);
});

it('counts a sweep that turns out to be large', async () => {
  const { inside, enter } = setUp();
  const growing = await enter('new', 0);
  growing.grow(80);
  void enter('30', 30);
  await turn();
  expect(inside).toEqual(['new']);
  growing.release();
  await turn();
  expect(inside).toEqual(['new', '30']);
});

it('lets a sweep in that is larger than all of the room, once no other is', async () => {
  const { inside, enter } = setUp();
  const first = await enter('50', 50);
  void enter('500', 500);
  void enter('20', 20);
  await turn();
  expect(inside).toEqual(['50']);
  first.release();
  await turn();
  expect(inside).toEqual(['50', '500']);
});
