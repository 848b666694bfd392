import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MS_PER_HOUR } from '../../../../prometheus/usage-metrics.ts';
import { hourBefore, liesInOneHour, spreadOverHours } from './hours.ts';

const anInterval = fc
  .tuple(fc.integer({ min: 0, max: 1_000 * MS_PER_HOUR }), fc.integer({ min: 1, max: 200 * MS_PER_HOUR }))
  .map(([fromMs, length]) => ({ fromMs, toMs: fromMs + length }));
const anAmount = fc.bigInt({ min: 0n, max: 2n ** 70n });

describe('spreadOverHours', () => {
  it('gives each hour its share in proportion to time', () => {
    // Half an hour of hour 0, hour 1, and a quarter of hour 2: 30, 60 and 15 of 105 minutes.
    const shares = [...spreadOverHours(105n, MS_PER_HOUR / 2, 2.25 * MS_PER_HOUR)];
    expect(shares).toEqual([
      { hour: 0, amount: 30n },
      { hour: 1, amount: 60n },
      { hour: 2, amount: 15n },
    ]);
  });

  it('counts an interval that ends at a full hour to the hour that ends there', () => {
    expect([...spreadOverHours(7n, 0, MS_PER_HOUR)]).toEqual([{ hour: 0, amount: 7n }]);
  });

  it('counts an interval without length to the hour in which it ends', () => {
    expect([...spreadOverHours(7n, 5 * MS_PER_HOUR, 5 * MS_PER_HOUR)]).toEqual([{ hour: 4, amount: 7n }]);
  });

  it('leaves out hours without a share', () => {
    expect([...spreadOverHours(1n, 0, 3 * MS_PER_HOUR)]).toEqual([{ hour: 2, amount: 1n }]);
    expect([...spreadOverHours(0n, 0, 3 * MS_PER_HOUR)]).toEqual([]);
  });

  it('gives the difference of two rounded running sums, at a cost of the number of shares', () => {
    const amounts = fc.oneof(anAmount, fc.bigInt({ min: 0n, max: 300n }));
    fc.assert(
      fc.property(amounts, anInterval, (amount, { fromMs, toMs }) => {
        const length = BigInt(toMs - fromMs);
        let sum = 0n;
        for (const share of spreadOverHours(amount, fromMs, toMs)) {
          sum += share.amount;
          const endMs = Math.min((share.hour + 1) * MS_PER_HOUR, toMs);
          expect([sum, share.amount > 0n]).toEqual([(amount * BigInt(endMs - fromMs)) / length, true]);
        }
      }),
    );
    // A loop over this many hours would never end.
    expect([...spreadOverHours(3n, 0, Number.MAX_SAFE_INTEGER)]).toHaveLength(3);
  });

  it('loses and adds nothing, for any amount and interval', () => {
    fc.assert(
      fc.property(anAmount, anInterval, (amount, { fromMs, toMs }) => {
        const shares = [...spreadOverHours(amount, fromMs, toMs)];
        expect(shares.reduce((sum, share) => sum + share.amount, 0n)).toBe(amount);
      }),
    );
  });

  it('stays within one unit of the exact proportion in every hour', () => {
    fc.assert(
      fc.property(anAmount, anInterval, (amount, { fromMs, toMs }) => {
        const length = BigInt(toMs - fromMs);
        for (const share of spreadOverHours(amount, fromMs, toMs)) {
          const start = Math.max(fromMs, share.hour * MS_PER_HOUR);
          const end = Math.min(toMs, (share.hour + 1) * MS_PER_HOUR);
          const error = share.amount * length - amount * BigInt(end - start);
          expect(end).toBeGreaterThan(start);
          expect(error < length && error > -length).toBe(true);
        }
      }),
    );
  });
});

describe('liesInOneHour', () => {
  it('holds for a whole hour, and for no interval that goes beyond it', () => {
    expect(liesInOneHour(MS_PER_HOUR, 2 * MS_PER_HOUR)).toBe(true);
    expect(liesInOneHour(MS_PER_HOUR - 1, 2 * MS_PER_HOUR)).toBe(false);
    expect(liesInOneHour(MS_PER_HOUR, 2 * MS_PER_HOUR + 1)).toBe(false);
    expect(hourBefore(2 * MS_PER_HOUR)).toBe(1);
  });
});
