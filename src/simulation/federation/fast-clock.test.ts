import { describe, expect, it } from 'vitest';
import type { Clock } from '../../runtime/clock.ts';
import { FastClock } from './fast-clock.ts';

const real: Clock = { nowMs: () => 99, sleep: () => Promise.resolve() };

/** True if a sleep has ended. */
async function hasEnded(sleep: Promise<void>): Promise<boolean> {
  return await Promise.race([
    sleep.then(() => true),
    new Promise<boolean>((resolve) => setImmediate(resolve, false)),
  ]);
}

describe('a clock in fast motion', () => {
  it('shows the set time, and the real time after its release', () => {
    const clock = new FastClock(real);
    clock.set(5);
    expect(clock.nowMs()).toBe(5);
    clock.release();
    expect(clock.nowMs()).toBe(99);
  });

  it('ends no sleep before its release', async () => {
    const clock = new FastClock(real);
    const sleep = clock.sleep(1);
    clock.set(1_000_000);
    expect(await hasEnded(sleep)).toBe(false);
    clock.release();
    expect(await hasEnded(sleep)).toBe(true);
    expect(await hasEnded(clock.sleep(1))).toBe(true);
  });

  it('ends a sleep if its signal aborts', async () => {
    const ending = new AbortController();
    const sleep = new FastClock(real).sleep(1, ending.signal);
    ending.abort();
    expect(await hasEnded(sleep)).toBe(true);
    expect(await hasEnded(new FastClock(real).sleep(1, ending.signal))).toBe(true);
  });
});
