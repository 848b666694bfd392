import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../api.ts';
import { LiveQuery, pauseAfter, type LiveState } from './live-query.ts';

beforeEach(() => vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => vi.useRealTimers());

/** A query with prepared answers: a value, or an error to throw. */
function queryOf(answers: (string | Error)[]) {
  const states: LiveState<string>[] = [];
  const signals: AbortSignal[] = [];
  const load = (signal: AbortSignal) => {
    signals.push(signal);
    const answer = answers.shift();
    if (answer === undefined) return new Promise<string>(() => {});
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  const query = new LiveQuery({
    load,
    everyMs: 5_000,
    nowMs: Date.now,
    onChange: (state) => states.push(state),
  });
  return { query, states, signals };
}

describe('a live query', () => {
  it('asks at once, and again after its pause', async () => {
    const { query, states } = queryOf(['one', 'two']);
    query.start();
    await vi.advanceTimersByTimeAsync(5_000);
    query.pause();
    expect(states.map(({ data, loadedAtMs, pending }) => [data, loadedAtMs, pending])).toEqual([
      ['one', 1_000_000, false],
      ['two', 1_005_000, false],
    ]);
  });

  it('keeps the last answer through failures, with the time and reason of the failure', async () => {
    const { query, states } = queryOf(['one', new Error('no database'), new Error('still none'), 'two']);
    query.start();
    await vi.advanceTimersByTimeAsync(15_000);
    query.pause();
    expect(states.slice(1)).toEqual([
      { data: 'one', loadedAtMs: 1_000_000, failingSinceMs: 1_005_000, error: 'no database', pending: false },
      { data: 'one', loadedAtMs: 1_000_000, failingSinceMs: 1_005_000, error: 'still none', pending: false },
      { data: 'two', loadedAtMs: 1_015_000, failingSinceMs: undefined, error: undefined, pending: false },
    ]);
  });

  it('waits a minute where the portal tells of news, and asks at news as soon as its pause is over', async () => {
    const states: LiveState<number>[] = [];
    let asked = 0;
    const query = new LiveQuery({
      load: () => Promise.resolve((asked += 1)),
      everyMs: 5_000,
      nowMs: Date.now,
      isTold: () => true,
      onChange: (state) => states.push(state),
    });
    query.start();
    await vi.advanceTimersByTimeAsync(1_000);
    query.noteNews(); // within the pause
    await vi.advanceTimersByTimeAsync(20_000);
    query.noteNews(); // after the pause
    await vi.advanceTimersByTimeAsync(59_000);
    expect(asked).toBe(3);
    await vi.advanceTimersByTimeAsync(1_000);
    query.pause();
    query.noteNews();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(states.map(({ loadedAtMs }) => (loadedAtMs ?? 0) - 1_000_000)).toEqual([0, 5_000, 21_000, 81_000]);
  });

  it('asks again after a minute if the portal refuses the question', async () => {
    const { query, states } = queryOf([new ApiError(400, 'no such zone'), 'two']);
    query.start();
    await vi.advanceTimersByTimeAsync(59_000);
    expect(states.map(({ error }) => error)).toEqual(['no such zone']);
    await vi.advanceTimersByTimeAsync(1_000);
    query.pause();
    expect(states.at(-1)?.data).toBe('two');
  });

  it('says in plain words that the portal cannot be reached', async () => {
    const { query, states } = queryOf([new TypeError('Failed to fetch')]);
    query.start();
    await vi.advanceTimersByTimeAsync(0);
    query.pause();
    expect(states[0]?.error).toBe('the portal cannot be reached');
  });

  it('aborts its request when it is paused, and asks at once when it is started again', async () => {
    const { query, states, signals } = queryOf(['one', 'two']);
    query.start();
    await vi.advanceTimersByTimeAsync(0);
    query.pause();
    await vi.advanceTimersByTimeAsync(60_000);
    expect([states.length, signals[0]?.aborted]).toEqual([1, true]);
    query.start();
    await vi.advanceTimersByTimeAsync(0);
    query.pause();
    expect(states.at(-1)?.data).toBe('two');
  });

  it('asks before its time if it is told to, and not while it is paused', async () => {
    const { query, states, signals } = queryOf(['one', 'two']);
    query.askNow();
    expect(signals).toHaveLength(0);
    query.start();
    await vi.advanceTimersByTimeAsync(0);
    query.askNow();
    await vi.advanceTimersByTimeAsync(0);
    query.pause();
    expect(states.map(({ data }) => data)).toEqual(['one', 'two']);
  });

  it('ignores an answer that arrives after the pause', async () => {
    const { query, states } = queryOf(['late']);
    query.start();
    query.pause();
    await vi.advanceTimersByTimeAsync(0);
    expect(states).toEqual([]);
  });
});

describe('the pause between questions', () => {
  it('grows with the time that an answer takes, up to a minute', () => {
    expect([pauseAfter(20, 5_000), pauseAfter(2_000, 5_000), pauseAfter(60_000, 5_000)]).toEqual([
      5_000, 20_000, 60_000,
    ]);
  });
});
