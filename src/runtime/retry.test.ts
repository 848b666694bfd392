import { describe, expect, it } from 'vitest';
import { systemClock, type Clock } from './clock.ts';
import { parseRetryAfter, retryTransient, TransientError } from './retry.ts';

const options = { retries: 2, firstDelayMs: 1, longestDelayMs: 2, clock: systemClock };

function failing(times: number, error: () => Error) {
  let calls = 0;
  const attempt = async () => {
    calls += 1;
    if (calls <= times) throw error();
    return calls;
  };
  return { attempt, calls: () => calls };
}

describe('retryTransient', () => {
  it('tries again after a transient failure', async () => {
    expect(await retryTransient(failing(2, () => new TransientError('503')).attempt, options)).toBe(3);
  });

  it('gives up after its retries with the last failure', async () => {
    const { attempt, calls } = failing(9, () => new TransientError('503'));
    await expect(retryTransient(attempt, options)).rejects.toThrow('503');
    expect(calls()).toBe(3);
  });

  it('does not retry after a permanent failure', async () => {
    const { attempt, calls } = failing(9, () => new Error('403'));
    await expect(retryTransient(attempt, options)).rejects.toThrow('403');
    expect(calls()).toBe(1);
  });

  it('waits as long as the server asked, up to its limit', async () => {
    const waits: number[] = [];
    const clock: Clock = { nowMs: () => 0, sleep: async (durationMs) => void waits.push(durationMs) };
    const { attempt } = failing(1, () => new TransientError('429', { retryAfterMs: 60_000 }));
    await retryTransient(attempt, { ...options, clock });
    expect(waits).toEqual([2]);
  });

  it('reads Retry-After in seconds and as a date', () => {
    const nowMs = Date.UTC(2026, 0, 1);
    expect(parseRetryAfter('7', nowMs)).toBe(7000);
    expect(parseRetryAfter('Thu, 01 Jan 2026 00:01:00 GMT', nowMs)).toBe(60_000);
    expect(parseRetryAfter('soon', nowMs)).toBeUndefined();
    expect(parseRetryAfter(undefined, nowMs)).toBeUndefined();
  });
});
