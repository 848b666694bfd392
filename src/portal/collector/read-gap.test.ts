import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reading } from '../../../test/ledger/in-memory-book.ts';
import type { Reading, Sweep } from '../ledger/ledger.ts';
import { readGap } from './read-gap.ts';
import type { ReadWindow } from './read-windows.ts';

const MINUTE = 60_000;

/** A series with a sample for each minute between two minutes, and a minute of usage in each. */
interface Life {
  from: number;
  to: number;
}

function samplesIn({ startMs, endMs }: ReadWindow, lives: readonly Life[]): Reading[] {
  const readings = lives.flatMap(({ from, to }, index) => {
    const first = Math.max(from, Math.ceil(startMs / MINUTE));
    const minutes = Math.max(0, Math.min(to, Math.floor(endMs / MINUTE)) - first + 1);
    return Array.from({ length: minutes }, (_, more) =>
      reading((first + more) * MINUTE, (first + more - from) * MINUTE, { projectId: `p${index}` }),
    );
  });
  return readings.toSorted((one, other) => one.atMs - other.atMs);
}

/** The windows that the portal asks for, in minutes, and the readings in the order of their fold. */
async function readOf(gap: [number, number], lives: readonly Life[]) {
  const windows: [number, number][] = [];
  const sweeps: Sweep[] = [];
  const read = async (window: ReadWindow) => {
    windows.push([window.startMs / MINUTE, window.endMs / MINUTE]);
    return { receivedAtMs: 0, readings: samplesIn(window, lives), refusals: [] };
  };
  const [fromMs, toMs] = [gap[0] * MINUTE, gap[1] * MINUTE];
  for await (const sweep of readGap({ fromMs, toMs }, MINUTE / 2, read, new AbortController().signal))
    sweeps.push(sweep);
  return { windows, readings: sweeps.flatMap(({ readings }) => readings) };
}

function stretchesOf(windows: readonly [number, number][]): [number, number][] {
  const stretches: [number, number][] = [];
  for (const [from, to] of windows.toSorted(([one], [other]) => one - other)) {
    const last = stretches.at(-1);
    if (last?.[1] === from) last[1] = to;
    else stretches.push([from, to]);
  }
  return stretches;
}

const LASTING: Life = { from: 0, to: 10_000 };

describe('reading a gap', () => {
  it('reads the time around full hours and at both ends, if every series continues', async () => {
    const { windows } = await readOf([36, 190], [LASTING, { from: 100, to: 10_000 }]);
    expect(stretchesOf(windows)).toEqual([
      [36, 42],
      [54, 72],
      [114, 132],
      [174, 196],
    ]);
    expect(windows).toHaveLength(2 + 6 + 6 + 8);
  });

  it('reads the time in between as well if a series ended there, and folds it first', async () => {
    const { windows, readings } = await readOf([36, 190], [LASTING, { from: 0, to: 100 }]);
    expect(stretchesOf(windows)).toEqual([
      [36, 42],
      [54, 132],
      [174, 196],
    ]);
    // The first window of an hour is asked for before the time in between.
    expect(windows.slice(8, 12)).toEqual([
      [114, 117],
      [72, 75],
      [75, 78],
      [78, 81],
    ]);
    const times = readings.map(({ atMs }) => atMs);
    expect(times).toEqual(times.toSorted((one, other) => one - other));
    expect(readings.findLast(({ projectId }) => projectId === 'p1')?.atMs).toBe(100 * MINUTE);
  });

  it.each([
    ['before the first full hour', [36, 61], { from: 0, to: 52 }],
    ['in a gap without a full hour', [1, 59], { from: 0, to: 30 }],
    ['after the last full hour', [36, 110], { from: 0, to: 101 }],
    ['around a full hour', [36, 110], { from: 0, to: 65 }],
  ] as const)('finds the end of a series %s', async (_, gap, life) => {
    const { readings } = await readOf([...gap], [LASTING, life]);
    expect(readings.findLast(({ projectId }) => projectId === 'p1')?.total).toBe(BigInt(life.to * MINUTE));
  });

  it('reads one long stretch if a site is down at a full hour, and short windows when it is back', async () => {
    const { windows } = await readOf(
      [0, 300],
      [
        { from: 0, to: 100 },
        { from: 200, to: 10_000 },
      ],
    );
    expect(stretchesOf(windows)).toEqual([
      [0, 6],
      [54, 132],
      [174, 192],
      [234, 252],
      [294, 306],
    ]);
  });

  it('finds the last total of each series, asks for no time twice, and stays in order', async () => {
    const life = fc.record({ from: fc.integer({ min: 0, max: 400 }), to: fc.integer({ min: 0, max: 400 }) });
    const gap = fc.record({
      from: fc.integer({ min: 0, max: 120 }),
      length: fc.integer({ min: 16, max: 300 }),
    });
    await fc.assert(
      fc.asyncProperty(gap, fc.array(life, { maxLength: 8 }), async ({ from, length }, lives) => {
        const { windows, readings } = await readOf([from, from + length], lives);
        const ends = lives.flatMap(({ to }, index) => {
          const last = readings.findLast(({ projectId }) => projectId === `p${index}`);
          return last === undefined
            ? []
            : [{ found: last.atMs, is: Math.min(to, from + length + 6) * MINUTE }];
        });
        expect(ends.map(({ found }) => found)).toEqual(ends.map(({ is }) => is));
        const inOrder = windows.toSorted(([one], [other]) => one - other);
        for (const [index, [start]] of inOrder.slice(1).entries())
          expect(start).toBeGreaterThanOrEqual(inOrder[index]?.[1] ?? 0);
        const times = readings.map(({ atMs }) => atMs);
        expect(times).toEqual(times.toSorted((one, other) => one - other));
      }),
    );
  });

  it('asks for each three minutes at most once, for any number of ended series', async () => {
    const hours = 72;
    const ending = Array.from({ length: hours }, (_, hour) => ({ from: hour * 60, to: hour * 60 + 30 }));
    const { windows } = await readOf([0, hours * 60], ending);
    expect(stretchesOf(windows)).toEqual([[0, hours * 60 + 6]]);
    expect(windows).toHaveLength((hours * 60 + 6) / 3);
  });

  it('ends if the gate has no history', async () => {
    let asked = 0;
    const read = async () => {
      asked += 1;
      return await Promise.resolve(undefined);
    };
    const gap = { fromMs: 0, toMs: 300 * MINUTE };
    for await (const sweep of readGap(gap, MINUTE, read, new AbortController().signal))
      expect(sweep).toBeUndefined();
    expect(asked).toBe(1);
  });
});
