import { describe, expect, it } from 'vitest';
import { windowsOf } from './read-windows.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const minutes = (gap: [number, number], intervalMs = MINUTE / 2) =>
  windowsOf({ fromMs: gap[0] * MINUTE, toMs: gap[1] * MINUTE }, intervalMs).map(({ startMs, endMs }) => [
    startMs / MINUTE,
    endMs / MINUTE,
  ]);

describe('the windows of a gap', () => {
  it('are its ends if it lies in one hour: all its usage belongs to that hour', () => {
    expect(minutes([1, 59])).toEqual([
      [1, 4],
      [4, 7],
      [53, 56],
      [56, 59],
      [59, 62],
      [62, 65],
    ]);
  });

  it('include the time around each full hour, in short windows without repetition', () => {
    expect(minutes([10, 125])).toEqual([
      [10, 13],
      [13, 16],
      [54, 57],
      [57, 60],
      [60, 63],
      [63, 66],
      [66, 69],
      [69, 72],
      [114, 117],
      [117, 120],
      [120, 123],
      [123, 126],
      [126, 129],
      [129, 131],
    ]);
  });

  it('are longer for a site with a long interval, so that each side of a full hour has a refresh', () => {
    const inside = (windows: number[][], minute: number) =>
      windows.some(([from = 0, to = 0]) => from <= minute && minute <= to);
    const edges = (windows: number[][]) =>
      Array.from({ length: 160 }, (_, minute) => minute).filter(
        (minute) => inside(windows, minute) !== inside(windows, minute - 1),
      );
    expect(edges(minutes([0, 119], 15 * MINUTE))).toEqual([0, 18, 60 - 17, 60 + 33, 119 - 17, 119 + 18]);
    expect(edges(minutes([0, 119], 24 * HOUR))).toEqual([0, 23, 60 - 22, 119 + 23]);
  });

  it('start with the gap, and end soon after it', () => {
    expect(minutes([58, 64])).toEqual([
      [58, 61],
      [61, 64],
      [64, 67],
      [67, 70],
    ]);
  });

  it('cover no more than the last month', () => {
    const windows = windowsOf({ fromMs: 0, toMs: 10_000 * HOUR }, MINUTE / 2);
    expect([windows[0]?.startMs, windows.length]).toEqual([(10_000 - 31 * 24) * HOUR, 31 * 24 * 6]);
  });
});
