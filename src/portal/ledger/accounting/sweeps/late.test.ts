import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MS_PER_HOUR } from '../../../../prometheus/usage-metrics.ts';
import { InMemoryBook as Book, METER, reading } from '../../../../../test/ledger/in-memory-book.ts';

const HOUR = MS_PER_HOUR;
const MINUTE = 60_000;

/** The longest gap that counts as measured, in readings every four minutes: the rest of a gap is not asked for again. */
const MEASURED_REST = 3;

/** A meter with a reading every four minutes for a day, and a gap that is read late, in parts that leave a gap or none. */
const aLateTruth = fc
  .record({
    used: fc.array(fc.bigInt({ min: 0n, max: 10n ** 9n }), { minLength: 40, maxLength: 360 }),
    from: fc.integer({ min: 1, max: 10 }),
    open: fc.integer({ min: 16, max: 300 }),
    parts: fc.array(fc.nat(300), { maxLength: 4 }),
  })
  .map(({ used, from, open, parts }) => {
    let total = 7n;
    const truth = used.map((amount, index) => reading(index * 4 * MINUTE, (total += amount)));
    const to = Math.min(from + open, truth.length - 2);
    return {
      truth,
      before: truth.slice(0, from),
      late: truth.slice(from, to),
      after: truth.slice(to),
      parts,
    };
  });

function inParts<T>(list: readonly T[], cuts: readonly number[]): T[][] {
  const last = list.length - MEASURED_REST;
  const stops = [...cuts.map((cut) => Math.min(cut, last)), list.length].toSorted((a, b) => a - b);
  return stops
    .map((stop, index) => list.slice(stops[index - 1] ?? 0, stop))
    .filter(({ length }) => length > 0);
}

function hoursOf(book: Book) {
  return book.hours().toSorted(([one], [other]) => one - other);
}

describe('late readings', () => {
  it('end with the same entries and coverage as readings in time, in any parts', () => {
    fc.assert(
      fc.property(aLateTruth, ({ truth, before, late, after, parts }) => {
        const inTime = new Book();
        for (const one of truth) inTime.fold(one);
        const tooLate = new Book();
        for (const one of [...before, ...after]) tooLate.fold(one);
        for (const part of inParts(late, parts)) tooLate.foldLate(...part.toReversed());
        expect(hoursOf(tooLate)).toEqual(hoursOf(inTime));
        expect(tooLate.coverage).toEqual(inTime.coverage);
        expect([tooLate.meterGaps.get(METER), tooLate.cloudGaps.get('')]).toEqual([[], []]);
        expect(tooLate.meters).toEqual(inTime.meters);
      }),
    );
  });

  it('conserve usage and never make an hour negative, with any totals (A7)', () => {
    const anyReading = fc
      .record({
        atMs: fc.integer({ min: 0, max: 48 * HOUR }),
        total: fc.bigInt({ min: 0n, max: 10n ** 6n }),
        epoch: fc.constantFrom('a', 'b', 'c'),
        projectId: fc.constantFrom('p1', 'p2'),
      })
      .map(({ atMs, total, ...more }) => reading(atMs, total, more));
    const step = fc.tuple(fc.boolean(), fc.array(anyReading, { maxLength: 8 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
        const book = new Book();
        for (const [late, readings] of steps) {
          if (late) book.foldLate(...readings);
          else book.fold(...readings);
          for (const [key, { opening, lastTotal }] of book.meters)
            expect(opening + book.usage(key) + (book.corrections.get(key) ?? 0n)).toBe(lastTotal);
          for (const { amount, spread } of book.entries.values())
            expect(amount > 0n && spread >= 0n && spread <= amount).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('of one epoch move usage between hours, and add none', () => {
    const book = new Book();
    book.fold(reading(0, 0));
    book.fold(reading(4 * HOUR, 400));
    expect(book.hours()).toEqual([0, 1, 2, 3].map((hour) => [hour, 100n, 100n]));
    expect(book.foldLate(reading(HOUR, 10), reading(2 * HOUR, 390), reading(3 * HOUR, 9_999))).toEqual({
      replaced: 1,
      folded: 0,
      ignored: 1,
    });
    expect(hoursOf(book)).toEqual([
      [0, 10n, 0n],
      [1, 380n, 0n],
      [2, 5n, 5n],
      [3, 5n, 5n],
    ]);
    expect(book.cloudGaps.get('')).toEqual([]);
  });

  it('find the usage of an epoch that ended inside the gap', () => {
    const book = new Book();
    book.fold(reading(0, 100));
    book.fold(reading(4 * HOUR, 60, { epoch: 'b' }));
    expect([book.usage(), book.corrections.get(METER)]).toEqual([0n, -40n]);
    book.foldLate(reading(HOUR, 150), reading(2 * HOUR, 20, { epoch: 'b' }));
    expect([book.usage(), book.corrections.get(METER)]).toEqual([90n, -130n]);
  });

  it('close a gap whose rest is no longer than an ordinary pause', () => {
    const book = new Book();
    book.fold(reading(0, 0));
    book.fold(reading(2 * HOUR + 6 * MINUTE, 20));
    book.foldLate(reading(HOUR + 54 * MINUTE, 0));
    const measured = [
      [1, 10n, 0n],
      [2, 10n, 0n],
    ];
    expect(hoursOf(book)).toEqual(measured);
    expect(book.foldLate(reading(2 * HOUR, 0))).toEqual({ replaced: 0, folded: 0, ignored: 1 });
    expect(hoursOf(book)).toEqual(measured);
  });

  it('count once if they are delivered twice', () => {
    const book = new Book();
    book.fold(reading(0, 0));
    book.fold(reading(4 * HOUR, 400));
    book.foldLate(reading(2 * HOUR, 300));
    expect(book.cloudGaps.get('')).toEqual([
      { fromMs: 0, toMs: 2 * HOUR },
      { fromMs: 2 * HOUR, toMs: 4 * HOUR },
    ]);
    expect(book.foldLate(reading(2 * HOUR, 300))).toEqual({ replaced: 0, folded: 0, ignored: 1 });
  });

  it('find a project that started and ended inside the gap', () => {
    const book = new Book();
    book.fold(reading(0, 0));
    book.fold(reading(4 * HOUR, 400));
    expect(book.foldLate(reading(2 * HOUR, 5, { projectId: 'p2' }))).toMatchObject({ folded: 1 });
    expect(book.usage('\0p2\0vcpu')).toBe(5n);
  });
});
