import { describe, expect, it } from 'vitest';
import { windowsOf } from './read-windows.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const minutes = (gap: [number, number], intervalMs = MINUTE / 2) =>
  windowsOf({ fromMs: gap[0] * MINUTE, toMs: gap[1] * MINUTE }, intervalMs).map(({ startMs, endMs }) => [
    startMs / MINUTE,
    endMs / MINUTE,
  ]);

describe('what is read of a gap', () => {
  it('is nothing where it lies in one hour: all of it is usage of that hour', () => {
    expect(minutes([1, 59])).toEqual([]);
    expect(minutes([0, 60])).toEqual([]);
  });

  it('is the time around each stroke of an hour, in short windows', () => {
    expect(minutes([10, 125])).toEqual([
      [54, 57],
      [57, 60],
      [60, 63],
      [63, 66],
      [66, 69],
      [69, 72],
      [114, 117],
      [117, 120],
      [120, 123],
      [123, 125],
    ]);
  });

  it('is more where the site is read seldom, so that a refresh lies on either side of the stroke', () => {
    const wide = minutes([0, 119], 15 * MINUTE);
    expect([wide[0]?.[0], wide.at(-1)?.[1]]).toEqual([60 - 17, 60 + 32]);
    const widest = minutes([0, 119], 24 * HOUR);
    expect([widest[0]?.[0], widest.at(-1)?.[1]]).toEqual([60 - 22, 60 + 42]);
  });

  it('stays within the gap', () => {
    expect(minutes([58, 64])).toEqual([
      [58, 61],
      [61, 64],
    ]);
  });

  it('is no more than the last month', () => {
    const windows = windowsOf({ fromMs: 0, toMs: 10_000 * HOUR }, MINUTE / 2);
    expect([windows[0]?.startMs, windows.length]).toEqual([
      (10_000 - 31 * 24 + 1) * HOUR - 6 * MINUTE,
      31 * 24 * 6 - 6,
    ]);
  });
});
