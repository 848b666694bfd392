import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { systemClock } from './clock.ts';
import { TimeLimit } from './time-limit.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('aborts as a timeout when its time is over', () => {
  const time = new TimeLimit(100);
  vi.advanceTimersByTime(99);
  expect(time.signal.aborted).toBe(false);
  vi.advanceTimersByTime(1);
  expect(time.signal.reason).toMatchObject({ name: 'TimeoutError' });
});

it('does not count the time while it is stopped', () => {
  const time = new TimeLimit(100);
  vi.advanceTimersByTime(60);
  time.stop();
  vi.advanceTimersByTime(1000);
  time.start();
  vi.advanceTimersByTime(39);
  expect(time.signal.aborted).toBe(false);
  vi.advanceTimersByTime(1);
  expect(time.signal.aborted).toBe(true);
});

it('follows another signal until its end', () => {
  const [aborted, ended] = [new AbortController(), new AbortController()];
  const times = [aborted, ended].map(({ signal }) => new TimeLimit(100, signal));
  times[1]?.end();
  aborted.abort('gone');
  ended.abort('gone');
  times.push(new TimeLimit(100, aborted.signal));
  expect(times.map(({ signal }) => signal.reason as unknown)).toEqual(['gone', undefined, 'gone']);
});

it('and sleeps may follow one signal in any number without a warning of Node.js', async () => {
  vi.useRealTimers();
  const warnings: string[] = [];
  const warn = ({ message }: Error) => void warnings.push(message);
  process.on('warning', warn);
  const [limited, slept] = [new AbortController(), new AbortController()];
  const limits = Array.from({ length: 20 }, () => new TimeLimit(60_000, limited.signal));
  const sleeps = Array.from({ length: 20 }, async () => await systemClock.sleep(60_000, slept.signal));
  slept.abort('enough');
  await Promise.all(sleeps);
  for (const limit of limits) limit.end();
  await nextTurn();
  process.off('warning', warn);
  expect(warnings).toEqual([]);
});
