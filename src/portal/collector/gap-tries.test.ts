import { describe, expect, it } from 'vitest';
import { GapTries } from './gap-tries.ts';

const HOUR = 3_600_000;
const one = { cloud: '', fromMs: 0, toMs: 5 };
const other = { cloud: 'west', fromMs: 0, toMs: 5 };

describe('a gap that stays open', () => {
  it('is tried at once, and then after growing pauses of up to a day', () => {
    const tries = new GapTries();
    const triedAt: number[] = [];
    for (let hour = 0; hour < 24 * 5; hour += 1)
      if (tries.due([one], hour * HOUR).length > 0) triedAt.push(hour);
    expect(triedAt).toEqual([0, 1, 3, 7, 15, 31, 55, 79, 103]);
  });

  it('does not wait for others, and starts again after a part of it was filled', () => {
    const tries = new GapTries();
    tries.due([one], 0);
    tries.due([one], HOUR);
    expect(tries.due([one, other], 2 * HOUR)).toEqual([other]);
    const rest = { ...one, fromMs: 3 };
    expect(tries.due([rest, other], 2.5 * HOUR)).toEqual([rest]);
    expect(tries.due([one, other], 2.6 * HOUR)).toEqual([one]);
  });
});
