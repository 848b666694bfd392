import { describe, expect, it } from 'vitest';
import { MS_PER_HOUR } from '../../../../prometheus/usage-metrics.ts';
import { DEFAULT_RULES, foldReading, LARGEST_USAGE, NO_CONTEXT, type MeterState } from './meter.ts';

const MINUTE = 60_000;
const meter: MeterState = { epoch: 'a', opening: 5n, lastTotal: 100n, firstAtMs: 0, lastAtMs: 10 * MINUTE };
const usual = { ...NO_CONTEXT, usualHour: 10_000n };
const fold = (
  reading: { total: bigint; atMs: number; epoch?: string },
  state: MeterState | undefined = meter,
) => foldReading(state, { epoch: 'a', ...reading }, usual, DEFAULT_RULES);

describe('A1: a reading that is not newer than the last', () => {
  it('is ignored, with any total and epoch', () => {
    expect(fold({ total: 999n, atMs: 10 * MINUTE })).toBeUndefined();
    expect(fold({ total: 999n, atMs: 9 * MINUTE, epoch: 'b' })).toBeUndefined();
  });
});

describe('A2: the same epoch, and a total that is not lower', () => {
  it('counts the difference as usage of the time between', () => {
    expect(fold({ total: 130n, atMs: 11 * MINUTE })).toEqual({
      meter: { ...meter, lastTotal: 130n, lastAtMs: 11 * MINUTE },
      usage: { amount: 30n, fromMs: 10 * MINUTE, toMs: 11 * MINUTE, quality: 'measured' },
      anomaly: undefined,
    });
  });

  it('measures an interval of any length inside one hour', () => {
    expect(fold({ total: 130n, atMs: 60 * MINUTE })?.usage?.quality).toBe('measured');
  });

  it('measures an interval across a full hour if it is no gap', () => {
    const before = { ...meter, lastAtMs: 58 * MINUTE };
    expect(fold({ total: 130n, atMs: 73 * MINUTE }, before)?.usage?.quality).toBe('measured');
    expect(fold({ total: 130n, atMs: 73 * MINUTE + 1 }, before)?.usage?.quality).toBe('spread');
  });

  it('moves on without usage if the total stays', () => {
    expect(fold({ total: 100n, atMs: 11 * MINUTE })).toEqual({
      meter: { ...meter, lastAtMs: 11 * MINUTE },
      usage: undefined,
      anomaly: undefined,
    });
  });
});

describe('A3: the same epoch, and a lower total', () => {
  it('is the new base without usage, and is recorded', () => {
    expect(fold({ total: 40n, atMs: 11 * MINUTE })).toEqual({
      meter: { ...meter, lastTotal: 40n, lastAtMs: 11 * MINUTE },
      usage: undefined,
      anomaly: { kind: 'total-fell', atMs: 11 * MINUTE, correction: -60n },
    });
  });
});

describe('A4: another epoch', () => {
  it('counts the excess over the old total as spread, and is recorded as an anomaly', () => {
    expect(fold({ total: 130n, atMs: 11 * MINUTE, epoch: 'b' })).toEqual({
      meter: { ...meter, epoch: 'b', lastTotal: 130n, lastAtMs: 11 * MINUTE },
      usage: { amount: 30n, fromMs: 10 * MINUTE, toMs: 11 * MINUTE, quality: 'spread' },
      anomaly: { kind: 'epoch-changed', atMs: 11 * MINUTE, correction: 0n },
    });
  });

  it('counts the excess up to the usual rate of the meter, and corrects the rest', () => {
    // The start date moves back by years: the total goes from 0.2 to 16,757 vCPU-hours; the largest hour of the meter has 2.
    const before = { ...meter, lastTotal: BigInt(0.2 * MS_PER_HOUR) };
    const total = before.lastTotal + 16_757n * BigInt(MS_PER_HOUR);
    const context = { ...NO_CONTEXT, usualHour: 2n * BigInt(MS_PER_HOUR) };
    const step = foldReading(before, { total, atMs: 11 * MINUTE, epoch: 'b' }, context, DEFAULT_RULES);
    expect(step?.usage?.amount).toBe(2n * 60_000n);
    expect(step?.anomaly?.correction).toBe(16_757n * BigInt(MS_PER_HOUR) - 2n * 60_000n);
  });

  it('never counts more than fits into an hour, even after a long absence', () => {
    const total = 100n + LARGEST_USAGE * 5n;
    const context = { ...NO_CONTEXT, usualHour: LARGEST_USAGE };
    const reading = { total, atMs: meter.lastAtMs + 4 * MS_PER_HOUR, epoch: 'b' };
    const step = foldReading(meter, reading, context, DEFAULT_RULES);
    expect([step?.usage?.amount, step?.anomaly?.correction]).toEqual([LARGEST_USAGE, LARGEST_USAGE * 4n]);
  });

  it('counts nothing if the usual rate is unknown', () => {
    const step = foldReading(
      meter,
      { total: 130n, atMs: 11 * MINUTE, epoch: 'b' },
      NO_CONTEXT,
      DEFAULT_RULES,
    );
    expect([step?.usage, step?.anomaly?.correction]).toEqual([undefined, 30n]);
  });

  it('counts nothing without an excess', () => {
    expect(fold({ total: 40n, atMs: 11 * MINUTE, epoch: 'b' })).toEqual({
      meter: { ...meter, epoch: 'b', lastTotal: 40n, lastAtMs: 11 * MINUTE },
      usage: undefined,
      anomaly: { kind: 'epoch-changed', atMs: 11 * MINUTE, correction: -60n },
    });
  });
});

describe('A5: the first reading of a meter', () => {
  const reading = { total: 130n, atMs: 11 * MINUTE, epoch: 'a' };

  it('is an opening balance if its total includes usage from before the ledger', () => {
    expect(foldReading(undefined, reading, NO_CONTEXT, DEFAULT_RULES)).toEqual({
      meter: { epoch: 'a', opening: 130n, lastTotal: 130n, firstAtMs: 11 * MINUTE, lastAtMs: 11 * MINUTE },
      usage: undefined,
      anomaly: undefined,
    });
  });

  it('is usage since the last instant at zero', () => {
    expect(
      foldReading(undefined, reading, { ...NO_CONTEXT, beganAtZeroMs: 10 * MINUTE }, DEFAULT_RULES),
    ).toEqual({
      meter: { epoch: 'a', opening: 0n, lastTotal: 130n, firstAtMs: 11 * MINUTE, lastAtMs: 11 * MINUTE },
      usage: { amount: 130n, fromMs: 10 * MINUTE, toMs: 11 * MINUTE, quality: 'measured' },
      anomaly: undefined,
    });
  });

  it('is spread if the start of the usage is unknown', () => {
    const step = foldReading(
      undefined,
      reading,
      { ...NO_CONTEXT, beganAtZeroMs: 11 * MINUTE },
      DEFAULT_RULES,
    );
    expect(step?.usage).toEqual({ amount: 130n, fromMs: 11 * MINUTE, toMs: 11 * MINUTE, quality: 'spread' });
  });
});

describe('a jump that no project can use', () => {
  it('is also one that exceeds the room left in the hour', () => {
    const reading = { total: 100n + LARGEST_USAGE / 2n, atMs: 11 * MINUTE, epoch: 'a' };
    const fits = { ...NO_CONTEXT, booked: LARGEST_USAGE / 2n };
    expect(foldReading(meter, reading, fits, DEFAULT_RULES)).toMatchObject({
      usage: { amount: LARGEST_USAGE / 2n },
      anomaly: { kind: 'absurd-jump', correction: 0n },
    });
    const full = { ...NO_CONTEXT, booked: LARGEST_USAGE / 2n + 1n };
    expect(foldReading(meter, reading, full, DEFAULT_RULES)).toMatchObject({
      usage: undefined,
      anomaly: { kind: 'implausible-jump', correction: LARGEST_USAGE / 2n },
    });
    const ofOtherEpoch = { ...reading, epoch: 'b' };
    const step = foldReading(meter, ofOtherEpoch, { ...full, usualHour: LARGEST_USAGE * 60n }, DEFAULT_RULES);
    expect([step?.usage?.amount, step?.anomaly?.correction]).toEqual([LARGEST_USAGE / 2n - 1n, 1n]);
  });

  it('is corrected and not counted, because it is a fault of the site', () => {
    const total = 100n + LARGEST_USAGE + 1n;
    expect(fold({ total, atMs: 11 * MINUTE })).toEqual({
      meter: { ...meter, lastTotal: total, lastAtMs: 11 * MINUTE },
      usage: undefined,
      anomaly: { kind: 'implausible-jump', atMs: 11 * MINUTE, correction: LARGEST_USAGE + 1n },
    });
  });

  it('is far more than a billion mebibytes use in a year', () => {
    expect(LARGEST_USAGE).toBeGreaterThan(10n ** 9n * 1_000n * BigInt(MS_PER_HOUR));
  });
});
