import { describe, expect, it } from 'vitest';
import { nextSweepDelayMs } from './backoff.ts';

const middle = { intervalMs: 30_000, retryAfterMs: undefined, random: 0.5 };

describe('the pause before the next sweep', () => {
  it('is the interval after a success and after the first failure', () => {
    expect([0, 1].map((failures) => nextSweepDelayMs({ ...middle, failures }))).toEqual([30_000, 30_000]);
  });

  it('doubles with each further failure, up to five minutes', () => {
    expect([2, 3, 4, 5, 1000].map((failures) => nextSweepDelayMs({ ...middle, failures }))).toEqual([
      60_000, 120_000, 240_000, 300_000, 300_000,
    ]);
  });

  it('is never shorter than an interval of more than five minutes', () => {
    expect(nextSweepDelayMs({ ...middle, intervalMs: 900_000, failures: 9 })).toBe(900_000);
  });

  it('honours Retry-After within the same bound', () => {
    expect(nextSweepDelayMs({ ...middle, failures: 1, retryAfterMs: 100_000 })).toBe(100_000);
    expect(nextSweepDelayMs({ ...middle, failures: 1, retryAfterMs: 86_400_000 })).toBe(300_000);
  });

  it('varies by a twentieth to either side', () => {
    expect(nextSweepDelayMs({ ...middle, failures: 0, random: 0 })).toBe(28_500);
    expect(nextSweepDelayMs({ ...middle, failures: 0, random: 1 })).toBe(31_500);
  });
});
