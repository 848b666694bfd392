import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProjectUsageQuery } from '../../../ledger/ledger.ts';
import { keyOf } from './ask-table.ts';
import { RecentAnswers } from './recent-answers.ts';

const clock = { now: 0, nowMs: () => clock.now };
const here = new AbortController().signal;

function recent(size = 10) {
  clock.now = 1_000_000;
  const ended: string[] = [];
  let made = 0;
  const answers = new RecentAnswers<string>(clock, { keptMs: 60_000, size, sizeOf: (text) => text.length });
  const make = (text: string) => async () => `${text}${(made += 1)}`;
  const slow = (text: string) => {
    let finish = (): void => undefined;
    const ask = async (gone: AbortSignal) =>
      await new Promise<string>((resolve, reject) => {
        finish = () => resolve(text);
        gone.addEventListener('abort', () => {
          ended.push(text);
          reject(gone.reason as Error);
        });
      });
    return { ask, finish: () => finish() };
  };
  return { answers, make, slow, ended };
}

describe('recent answers', () => {
  it('serve those who accept their age, and say when they were asked for', async () => {
    const { answers, make } = recent();
    const first = await answers.take('q', 0, make('a'), here);
    clock.now += 5_000;
    expect(await answers.take('q', 5_001, make('b'), here)).toEqual(first);
    expect(await answers.take('q', 5_000, make('b'), here)).toEqual({ answer: 'b2', askedAtMs: clock.now });
    expect((await answers.take('q', 0, make('c'), here)).answer).toBe('c3');
    expect((await answers.take('other', 60_000, make('d'), here)).answer).toBe('d4');
  });

  it('are made once for all who ask meanwhile, and until they are there the ones before serve', async () => {
    const { answers, make, slow } = recent();
    const before = await answers.take('q', 0, make('a'), here);
    clock.now += 10_000;
    const { ask, finish } = slow('b');
    const waiting = [answers.take('q', 5_000, ask, here), answers.take('q', 5_000, make('c'), here)];
    expect(await answers.take('q', 60_000, make('d'), here)).toEqual(before);
    finish();
    expect((await Promise.all(waiting)).map(({ answer }) => answer)).toEqual(['b', 'b']);
    expect((await answers.take('q', 60_000, make('e'), here)).answer).toBe('b');
  });

  it('end when all who wait have left, and the next question begins again', async () => {
    const { answers, make, slow, ended } = recent();
    const [one, other] = [new AbortController(), new AbortController()];
    const { ask } = slow('a');
    const waiting = [one, other].map(
      async ({ signal }) => await answers.take('q', 5_000, ask, signal).catch(String),
    );
    one.abort(new Error('one left'));
    expect([await waiting[0], ended]).toEqual(['Error: one left', []]);
    other.abort(new Error('the other left'));
    expect([await waiting[1], ended]).toEqual(['Error: the other left', ['a']]);
    expect((await answers.take('q', 5_000, make('b'), here)).answer).toBe('b1');
  });

  it('that fail are not kept', async () => {
    const { answers, make } = recent();
    const fail = async () => await Promise.reject(new Error('no database'));
    await expect(answers.take('q', 60_000, fail, here)).rejects.toThrow('no database');
    expect((await answers.take('q', 60_000, make('a'), here)).answer).toBe('a1');
  });

  it('are kept up to a size, the latest ones', async () => {
    const { answers, make } = recent(4);
    for (const key of ['p', 'q', 'r']) await answers.take(key, 0, make(key), here);
    const again = async (key: string) => (await answers.take(key, 60_000, make('again'), here)).answer;
    expect([await again('r'), await again('q'), await again('p')]).toEqual(['r3', 'q2', 'again4']);
  });

  it('never serve a question of another scope, period or site', async () => {
    const scope = fc.oneof(
      fc.constant({ everything: true as const }),
      fc.record({
        sites: fc.subarray(['a', 'b', 'a,b']),
        grants: fc.subarray(['g', 'h']),
      }),
    );
    const projects = fc.array(
      fc.record({
        site: fc.constantFrom('a', 'b'),
        projectId: fc.constantFrom('p', 'q'),
        fromMs: fc.constantFrom(undefined, 0, 3_600_000),
      }),
      { maxLength: 2 },
    );
    const grants = fc.array(fc.record({ name: fc.constantFrom('g', 'h'), projects }), { maxLength: 2 });
    const hours = fc.integer({ min: 0, max: 1 });
    const query: fc.Arbitrary<ProjectUsageQuery> = fc.record({
      scope,
      grants,
      fromMs: hours,
      toMs: hours,
      site: fc.constantFrom(undefined, 'a', ['a', 'b']),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(query, { maxLength: 20 }), async (queries) => {
        const { answers } = recent(1_000_000);
        for (const asked of queries) {
          const make = async () => JSON.stringify(asked);
          const { answer } = await answers.take(keyOf(asked), 60_000, make, here);
          expect(JSON.parse(answer)).toEqual(JSON.parse(JSON.stringify(asked)));
        }
      }),
      { numRuns: 100 },
    );
  });
});
