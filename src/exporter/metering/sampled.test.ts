import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldSample, type Holding } from './sampled.ts';

const volume = (sinceMs: number | undefined, amount = 10): Holding => ({
  resource: 'volume_gb',
  projectId: 'p1',
  amount,
  sinceMs,
});

describe('usage by samples', () => {
  it('starts with the first sample, and counts nothing before it', () => {
    expect(foldSample(undefined, [volume(0)], 5000, ['volume_gb'])).toEqual({
      untilMs: 5000,
      totals: new Map([['volume_gb', new Map()]]),
    });
  });

  it('is the amount times the time since the last sample, or since its creation', () => {
    const first = foldSample(undefined, [], 5000);
    const second = foldSample(first, [volume(0), volume(6000, 1), volume(undefined, 100)], 7000);
    expect(second.totals).toEqual(new Map([['volume_gb', new Map([['p1', 20_000n + 1000n + 200_000n]])]]));
  });

  it('is counted in full for the longer time after failed samples', () => {
    const first = foldSample(undefined, [], 5000);
    expect(
      foldSample(first, [volume(0)], 65_000)
        .totals.get('volume_gb')
        ?.get('p1'),
    ).toBe(600_000n);
  });

  it('stays when a holding is gone, and when the clock goes back', () => {
    const second = foldSample(foldSample(undefined, [], 5000), [volume(0)], 7000);
    expect(foldSample(second, [], 9000)).toEqual({ ...second, untilMs: 9000 });
    expect(foldSample(second, [volume(0)], 6000)).toEqual(second);
  });

  it('never falls, and is exact for unchanged holdings, for all times of samples', () => {
    const instants = fc.array(fc.integer({ min: 0, max: 10 ** 9 }), { minLength: 2, maxLength: 20 });
    fc.assert(
      fc.property(instants, fc.integer({ min: 0, max: 10 ** 9 }), (times, createdMs) => {
        const sorted = times.toSorted((a, b) => a - b);
        let state = foldSample(undefined, [], sorted[0] ?? 0);
        for (const nowMs of sorted.slice(1))
          state = foldSample(state, createdMs < nowMs ? [volume(createdMs)] : [], nowMs);
        const lastedMs = Math.max(0, (sorted.at(-1) ?? 0) - Math.max(sorted[0] ?? 0, createdMs));
        expect(state.totals.get('volume_gb')?.get('p1') ?? 0n).toBe(BigInt(lastedMs) * 10n);
      }),
    );
  });
});

/** A holding from `fromMs` to `toMs`, sampled at these instants. Each sample counts up to a delay before its instant. */
const lives = fc.record({
  fromMs: fc.integer({ min: 0, max: 2_000_000 }),
  lastsMs: fc.integer({ min: 1, max: 2_000_000 }),
  delayMs: fc.integer({ min: 0, max: 120_000 }),
  pausesMs: fc.array(fc.integer({ min: 1, max: 600_000 }), { minLength: 2, maxLength: 20 }),
  amount: fc.integer({ min: 1, max: 1000 }),
});

describe('a holding that is deleted between two samples', () => {
  it('loses at most the time between the samples plus the settling delay, and never counts for longer than it existed', () => {
    fc.assert(
      fc.property(lives, ({ fromMs, lastsMs, delayMs, pausesMs, amount }) => {
        const toMs = fromMs + lastsMs;
        let readMs = 500_000;
        let state = foldSample(undefined, [], readMs - delayMs, ['volume_gb']);
        const startMs = state.untilMs;
        for (const pauseMs of pausesMs) {
          readMs += pauseMs;
          const isThere = fromMs <= readMs && readMs < toMs;
          const holding = { resource: 'volume_gb', projectId: 'p1', amount, sinceMs: fromMs };
          state = foldSample(state, isThere ? [holding] : [], readMs - delayMs);
        }
        const usedMs = Math.max(0, Math.min(toMs, state.untilMs) - Math.max(fromMs, startMs));
        const countedMs = Number(state.totals.get('volume_gb')?.get('p1') ?? 0n) / amount;
        const lostMs = usedMs - countedMs;
        expect(lostMs).toBeGreaterThanOrEqual(0);
        expect(lostMs).toBeLessThanOrEqual(Math.max(...pausesMs) + delayMs);
      }),
      { numRuns: 2000 },
    );
  });
});
