import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { TooManyWaitError, Turns } from './turns.ts';

it('starts only the allowed number at a time, and the next one when any has ended', async () => {
  const turns = new Turns(2);
  const started: string[] = [];
  const letters = (name: string) =>
    turns.through(async function* () {
      started.push(name);
      yield 1;
      if (name === 'b') throw new Error('broken');
      yield 2;
    });
  const [a, b, c, d] = [letters('a'), letters('b'), letters('c'), letters('d')];
  const first = [a, b, c, d].map(async (one) => await one.next());
  await turn();
  expect(started).toEqual(['a', 'b']);
  await expect(b.next()).rejects.toThrow('broken');
  await turn();
  expect(started).toEqual(['a', 'b', 'c']);
  await a.return(undefined);
  await turn();
  expect(started).toEqual(['a', 'b', 'c', 'd']);
  await Promise.all(first);
  expect([await c.next(), await c.next()]).toEqual([
    { done: false, value: 2 },
    { done: true, value: undefined },
  ]);
});

it('does not start work that nobody waits for any more, and keeps no place for it', async () => {
  const turns = new Turns(1, 2);
  const gone = new AbortController();
  const end = await turns.take();
  const left = turns.run(async () => 'left', gone.signal);
  const stays = turns.run(async () => 'stays');
  await expect(turns.take()).rejects.toThrow(TooManyWaitError);
  gone.abort(new Error('left'));
  await expect(left).rejects.toThrow('left');
  const comes = turns.run(async () => 'comes');
  end();
  end();
  expect(await Promise.all([stays, comes])).toEqual(['stays', 'comes']);
  await expect(turns.take(gone.signal)).rejects.toThrow('left');
  const again = await turns.take();
  again();
});
