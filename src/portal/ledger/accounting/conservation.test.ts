import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MS_PER_HOUR } from '../../../prometheus/usage-metrics.ts';
import { InMemoryBook as Book, METER, reading } from '../../../../test/ledger/in-memory-book.ts';

const HOUR = MS_PER_HOUR;
const MINUTE = 60_000;

/** The truth at a cloud: the total of one meter at increasing instants, including every full hour. */
const aTruth = fc
  .array(
    fc.record({
      pauseMs: fc.integer({ min: 1, max: 50 * MINUTE }),
      used: fc.bigInt({ min: 0n, max: 10n ** 12n }),
    }),
    {
      minLength: 2,
      maxLength: 40,
    },
  )
  .map((steps) => {
    let atMs = 0;
    let total = 10n ** 6n;
    return steps.flatMap(({ pauseMs, used }) => {
      const strokeMs = (Math.floor(atMs / HOUR) + 1) * HOUR;
      const stops = atMs + pauseMs > strokeMs ? [strokeMs, atMs + pauseMs] : [atMs + pauseMs];
      return stops.map((stop) => {
        atMs = stop;
        total += used;
        return reading(atMs, total);
      });
    });
  });

/** Deliveries of the truth: some are lost, some come twice, in any order, as from two unreliable writers. */
const someDeliveries = aTruth.chain((truth) =>
  fc.record({
    truth: fc.constant(truth),
    deliveries: fc.array(fc.nat(truth.length - 1), { minLength: 1, maxLength: 3 * truth.length }),
  }),
);

/** Readings without any sense: any totals, any order, several epochs, clouds, projects and names. */
const anyReadings = fc.array(
  fc
    .record({
      atMs: fc.integer({ min: 0, max: 72 * HOUR }),
      total: fc.oneof(fc.bigInt({ min: 0n, max: 10n ** 6n }), fc.bigInt({ min: 0n, max: 2n ** 66n })),
      epoch: fc.constantFrom('', 'a', 'b'),
      projectId: fc.constantFrom('p1', 'p2'),
      projectName: fc.constantFrom('one', 'two'),
      cloud: fc.constantFrom('', 'west'),
    })
    .map(({ atMs, total, ...more }) => reading(atMs, total, more)),
  { maxLength: 40 },
);

describe('the ledger, for any deliveries', () => {
  it('keeps opening + entries + corrections = last total for every meter (A7)', () => {
    fc.assert(
      fc.property(fc.array(anyReadings, { maxLength: 5 }), (sweeps) => {
        const book = new Book();
        for (const sweep of sweeps) {
          book.fold(...sweep);
          for (const [key, { opening, lastTotal }] of book.meters)
            expect(opening + book.usage(key) + (book.corrections.get(key) ?? 0n)).toBe(lastTotal);
        }
      }),
    );
  });

  it('never has a negative amount, or more spread usage than usage', () => {
    fc.assert(
      fc.property(fc.array(anyReadings, { maxLength: 5 }), (sweeps) => {
        const book = new Book();
        for (const sweep of sweeps) book.fold(...sweep);
        for (const { amount, spread } of book.entries.values())
          expect(amount > 0n && spread >= 0n && spread <= amount).toBe(true);
      }),
    );
  });

  it('covers exactly the time between the first and the last reading', () => {
    fc.assert(
      fc.property(aTruth, (truth) => {
        const book = new Book();
        for (const one of truth) book.fold(one);
        const coveredMs = [...book.coverage.values()].reduce(
          (sum, hour) => sum + hour.measuredMs + hour.spreadMs,
          0,
        );
        expect(coveredMs).toBe((truth.at(-1)?.atMs ?? 0) - (truth[0]?.atMs ?? 0));
      }),
    );
  });
});

describe('the ledger against the truth', () => {
  it('has the true usage of every hour if it is read at every full hour', () => {
    fc.assert(
      fc.property(aTruth, (truth) => {
        const book = new Book();
        for (const one of truth) book.fold(one);
        const trueHours = new Map<number, bigint>();
        for (const [index, { atMs, total }] of truth.entries()) {
          const hour = Math.ceil(atMs / HOUR) - 1;
          const used = total - (truth[index - 1]?.total ?? total);
          if (used > 0n) trueHours.set(hour, (trueHours.get(hour) ?? 0n) + used);
        }
        expect(book.hours()).toEqual([...trueHours].map(([hour, amount]) => [hour, amount, 0n]));
      }),
    );
  });

  it('counts usage once if it is delivered twice, late, out of order, or not at all', () => {
    fc.assert(
      fc.property(someDeliveries, ({ truth, deliveries }) => {
        const book = new Book();
        const delivered = deliveries.flatMap((index) => truth[index] ?? []);
        for (const one of delivered) book.fold(one);
        const newest = delivered.reduce((best, one) => (one.atMs > best.atMs ? one : best));
        expect(book.usage()).toBe(newest.total - (delivered[0]?.total ?? 0n));
        expect(book.corrections.get(METER)).toBeUndefined();
      }),
    );
  });

  it('does not change with readings that it ignores', () => {
    fc.assert(
      fc.property(someDeliveries, ({ truth, deliveries }) => {
        const all = new Book();
        const onlyNews = new Book();
        for (const one of deliveries.flatMap((index) => truth[index] ?? []))
          if (all.fold(one).folded > 0) onlyNews.fold(one);
        expect(all).toEqual(onlyNews);
      }),
    );
  });

  it('ends the same with one sweep of many instants as with many sweeps', () => {
    fc.assert(
      fc.property(aTruth, ([first, ...rest]) => {
        const atOnce = new Book();
        const oneByOne = new Book();
        for (const book of [atOnce, oneByOne]) if (first !== undefined) book.fold(first);
        atOnce.fold(...rest.toReversed());
        for (const one of rest) oneByOne.fold(one);
        expect(atOnce).toEqual(oneByOne);
      }),
    );
  });

  it('counts the usage between resets, and records each reset as a correction (A3)', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(1_000)), { minLength: 1 }), (steps) => {
        const book = new Book();
        book.fold(reading(0, 0));
        let total = 0;
        let used = 0;
        for (const [index, [reset, amount]] of steps.entries()) {
          if (reset) total = Math.floor(total / 2);
          else total += amount;
          used += reset ? 0 : amount;
          book.fold(reading((index + 1) * MINUTE, total));
        }
        expect(book.usage()).toBe(BigInt(used));
        expect(book.corrections.get(METER) ?? 0n).toBe(BigInt(total - used));
      }),
    );
  });

  it('marks usage around a change of epoch as spread (A4)', () => {
    const book = new Book();
    book.fold(reading(0, 100));
    book.fold(reading(MINUTE, 20, { epoch: 'b' }));
    book.fold(reading(2 * MINUTE, 50, { epoch: 'b' }));
    book.fold(reading(62 * MINUTE, 70, { epoch: 'c' }));
    expect(book.hours()).toEqual([
      [0, 49n, 19n],
      [1, 1n, 1n],
    ]);
    expect(book.corrections.get(METER)).toBe(-80n);
  });

  it('does not bill years if a start date moves back (A4)', () => {
    const book = new Book();
    const used = HOUR / 5;
    book.fold(reading(0, 0));
    book.fold(reading(12 * MINUTE, used));
    book.fold(reading(13 * MINUTE, 16_757 * HOUR, { epoch: 'b' }));
    expect(book.usage()).toBe(BigInt(used + used / 60));
    expect(book.usage() + (book.corrections.get(METER) ?? 0n)).toBe(16_757n * BigInt(HOUR));
  });

  it('counts no faster than usual if two exporters alternate, and names them (A4, A9)', () => {
    const book = new Book();
    book.fold(reading(0, 0));
    book.fold(reading(HOUR, 3_600));
    for (let minute = 1; minute <= 60; minute += 1) {
      const more = minute % 2 === 0 ? { epoch: 'a' } : { epoch: 'b' };
      book.fold(reading(HOUR + minute * MINUTE, minute % 2 === 0 ? 9_000_000 : 10, more));
    }
    expect(book.hours()[1]?.[1]).toBeLessThanOrEqual(3_600n);
    expect(book.anomalyKinds).toEqual(new Set(['epoch-changed', 'epoch-returned']));
  });

  it('opens with balances at a new exporter of the site, even in pieces (A5)', () => {
    const book = new Book();
    book.fold(reading(0, 5));
    book.fold(reading(MINUTE, 6));
    book.fold(reading(2 * MINUTE, 9_000_000, { epoch: 'old', resource: 'mb' }));
    book.fold(reading(2 * MINUTE, 9_000_000, { epoch: 'old', resource: 'gpu' }));
    book.fold(reading(3 * MINUTE, 70, { epoch: 'old', resource: 'disk_gb' }));
    expect([...book.meters.values()].map(({ opening }) => opening)).toEqual([5n, 9_000_000n, 9_000_000n, 0n]);
  });
});
