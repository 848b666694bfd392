import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { ALL_ROOM, NoRoomError, ReadingsBudget } from './readings-budget.ts';

/** Sweeps that record when they get room. */
function setUp() {
  const sleeps: (() => void)[] = [];
  const sleep = async () => await new Promise<void>((resolve) => void sleeps.push(resolve));
  const budget = new ReadingsBudget({
    most: 100,
    few: 10,
    answersAtOnce: 2,
    clock: { nowMs: () => 0, sleep },
  });
  const inside: string[] = [];
  const enter = async (name: string, readings: number, gone = new AbortController().signal) => {
    const held = await budget.enter(readings, gone);
    inside.push(name);
    return held;
  };
  return { inside, enter, passTime: () => sleeps.splice(0).forEach((wake) => wake()) };
}

it('admits large sweeps while there is room, and the others in turn', async () => {
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

it('gives all the room to a sweep that turns out to be large', async () => {
  const { inside, enter } = setUp();
  const growing = await enter('new', 0);
  growing.grow(11);
  void enter('30', 30);
  await turn();
  expect(inside).toEqual(['new']);
  growing.grow(200);
  expect(growing.signal.aborted).toBe(false);
  growing.release();
  await turn();
  expect(inside).toEqual(['new', '30']);
});

it('ends a sweep that turns out to be large beside another large one, and admits it again in turn', async () => {
  const { inside, enter } = setUp();
  const large = await enter('30', 30);
  const growing = await enter('new', 0);
  growing.grow(10);
  expect(growing.signal.aborted).toBe(false);
  growing.grow(11);
  expect(growing.signal.reason).toBeInstanceOf(NoRoomError);
  growing.release();
  void enter('new again', ALL_ROOM);
  await turn();
  expect(inside).toEqual(['30', 'new']);
  large.release();
  await turn();
  expect(inside).toEqual(['30', 'new', 'new again']);
});

it('lets a sweep grow that was admitted as a large one', async () => {
  const { inside, enter } = setUp();
  const growing = await enter('60', 60);
  const other = await enter('40', 40);
  growing.grow(70);
  expect([growing.signal.aborted, other.signal.aborted]).toEqual([false, false]);
  void enter('35', 35);
  other.release();
  await turn();
  expect(inside).toEqual(['60', '40']);
  growing.release();
  await turn();
  expect(inside).toEqual(['60', '40', '35']);
});

it('admits a sweep that is larger than all the room, once no other is running', async () => {
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

it('admits others if a sweep is slow', async () => {
  const { inside, enter, passTime } = setUp();
  const slow = await enter('slow', 0);
  slow.grow(20);
  void enter('60', 60);
  await turn();
  expect(inside).toEqual(['slow']);
  passTime();
  await turn();
  expect(inside).toEqual(['slow', '60']);
  slow.grow(90);
  void enter('40', 40);
  await turn();
  expect([slow.signal.aborted, inside]).toEqual([false, ['slow', '60', '40']]);
  slow.release();
  void enter('1000', 1000);
  await turn();
  expect(inside).toEqual(['slow', '60', '40']);
});

it('reads few answers at a time, and the others in order', async () => {
  const { enter } = setUp();
  const reading: number[] = [];
  const sweeps = await Promise.all([0, 1, 2, 3].map(async (index) => await enter(`${index}`, 1)));
  for (const [index, sweep] of sweeps.entries()) void sweep.turn().then(() => reading.push(index));
  await turn();
  expect(reading).toEqual([0, 1]);
  sweeps[1]?.release();
  await turn();
  expect(reading).toEqual([0, 1, 2]);
});

it('gives the turn of a slow answer to another', async () => {
  const { enter, passTime } = setUp();
  let read = 0;
  for (const name of ['slow', 'also slow', 'last'])
    void (await enter(name, 1)).turn().then(() => (read += 1));
  await turn();
  expect(read).toBe(2);
  passTime();
  await turn();
  expect(read).toBe(3);
});

it('takes no turn for a sweep that is no longer wanted', async () => {
  const { enter } = setUp();
  const leaving = new AbortController();
  const [one, two] = [await enter('one', 1), await enter('two', 1)];
  const gone = await enter('gone', 1, leaving.signal);
  const last = await enter('last', 1);
  await Promise.all([one.turn(), two.turn()]);
  const leavingTurn = gone.turn();
  const waiting = last.turn();
  leaving.abort(new Error('closed'));
  await expect(leavingTurn).rejects.toThrow('closed');
  one.release();
  await waiting;
});
