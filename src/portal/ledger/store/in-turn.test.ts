import { setImmediate as turn } from 'node:timers/promises';
import pLimit from 'p-limit';
import { expect, it } from 'vitest';
import { inTurn } from './in-turn.ts';

it('begins no more at a time than are let, and the next one wherever one has ended', async () => {
  const limit = pLimit(2);
  const begun: string[] = [];
  const letters = (name: string) =>
    inTurn(limit, async function* () {
      begun.push(name);
      yield 1;
      if (name === 'b') throw new Error('broken');
      yield 2;
    });
  const [a, b, c, d] = [letters('a'), letters('b'), letters('c'), letters('d')];
  const first = [a, b, c, d].map(async (one) => await one.next());
  await turn();
  expect(begun).toEqual(['a', 'b']);
  await expect(b.next()).rejects.toThrow('broken');
  await turn();
  expect(begun).toEqual(['a', 'b', 'c']);
  await a.return(undefined);
  await turn();
  expect(begun).toEqual(['a', 'b', 'c', 'd']);
  await Promise.all(first);
  expect([await c.next(), await c.next()]).toEqual([
    { done: false, value: 2 },
    { done: true, value: undefined },
  ]);
});

it('begins nothing that nobody waits for any more when its turn comes', async () => {
  const limit = pLimit(1);
  const begun: string[] = [];
  const gone = new AbortController();
  const letters = (name: string, signal?: AbortSignal) =>
    inTurn(
      limit,
      async function* () {
        begun.push(name);
        yield 1;
      },
      signal,
    );
  const [a, b, c] = [letters('a'), letters('b', gone.signal), letters('c')];
  await a.next();
  const [second, third] = [b.next(), c.next()];
  gone.abort();
  await a.next();
  expect(await second).toEqual({ done: true, value: undefined });
  expect(await third).toEqual({ done: false, value: 1 });
  expect(begun).toEqual(['a', 'c']);
});
