import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MS_PER_HOUR } from '../../../prometheus/usage-metrics.ts';
import type { Reading } from '../ledger.ts';
import { entriesOf } from './entries.ts';
import { DEFAULT_RULES, type MeterState } from './meter.ts';
import type { NameState } from './names.ts';
import type { CloudProgress } from './progress.ts';
import { foldSweep } from './sweep.ts';

/** A ledger in memory: what the store does with changes, in its plainest form. */
class Book {
  clouds = new Map<string, CloudProgress>();
  names = new Map<string, NameState>();
  meters = new Map<string, MeterState>();
  history: [string, string, number][] = [];
  entries = new Map<string, { amount: bigint; spread: bigint }>();
  coverage = new Map<number, { measuredMs: number; spreadMs: number }>();
  corrections = new Map<string, bigint>();

  fold(...readings: Reading[]) {
    const changes = foldSweep(this, readings, DEFAULT_RULES);
    for (const [name, { progress, coverage }] of changes.clouds) {
      this.clouds.set(name, progress);
      for (const { hour, measuredMs, spreadMs } of coverage.values()) {
        const had = this.coverage.get(hour) ?? { measuredMs: 0, spreadMs: 0 };
        this.coverage.set(hour, {
          measuredMs: had.measuredMs + measuredMs,
          spreadMs: had.spreadMs + spreadMs,
        });
      }
    }
    for (const [key, { names }] of changes.names)
      for (const name of names) {
        this.names.set(key, name);
        this.history.push([key, name.projectName, name.sinceMs]);
      }
    for (const [key, { meter, usages, anomalies }] of changes.meters) {
      this.meters.set(key, meter);
      for (const { hour, amount, spread } of entriesOf(usages)) {
        const had = this.entries.get(`${key} ${hour}`) ?? { amount: 0n, spread: 0n };
        this.entries.set(`${key} ${hour}`, { amount: had.amount + amount, spread: had.spread + spread });
      }
      for (const { correction } of anomalies)
        this.corrections.set(key, (this.corrections.get(key) ?? 0n) + correction);
    }
    return { folded: changes.folded, ignored: changes.ignored, anomalies: changes.anomalies };
  }

  usage(key = METER): bigint {
    let sum = 0n;
    for (const [at, { amount }] of this.entries) if (at.startsWith(`${key} `)) sum += amount;
    return sum;
  }

  hours(key = METER): [number, bigint, bigint][] {
    return [...this.entries]
      .filter(([at]) => at.startsWith(`${key} `))
      .map(([at, { amount, spread }]) => [Number(at.slice(key.length + 1)), amount, spread]);
  }
}

const METER = '\0p1\0vcpu';
const HOUR = MS_PER_HOUR;
const MINUTE = 60_000;

function reading(atMs: number, total: bigint | number, more: Partial<Reading> = {}): Reading {
  return {
    cloud: '',
    projectId: 'p1',
    projectName: 'one',
    domainId: 'default',
    domainName: 'Default',
    resource: 'vcpu',
    total: BigInt(total),
    atMs,
    epoch: 'a',
    ...more,
  };
}

describe('a site that is read for the first time', () => {
  it('opens with balances, and counts from then on (A5)', () => {
    const book = new Book();
    expect(book.fold(reading(0, 1_000))).toEqual({ folded: 1, ignored: 0, anomalies: 0 });
    book.fold(reading(MINUTE, 1_060));
    expect(book.meters.get(METER)).toEqual({
      epoch: 'a',
      opening: 1_000n,
      lastTotal: 1_060n,
      firstAtMs: 0,
      lastAtMs: MINUTE,
    });
    expect(book.hours()).toEqual([[0, 60n, 0n]]);
  });

  it('opens with a balance for what comes late of its very first reading', () => {
    const book = new Book();
    book.fold(reading(MINUTE, 5));
    book.fold(reading(MINUTE, 7, { projectId: 'p2' }));
    expect(book.meters.get('\0p2\0vcpu')?.opening).toBe(7n);
  });

  it('opens with balances for exporters whose totals count up to different instants', () => {
    const book = new Book();
    book.fold(reading(0, 5), reading(20_000, 7, { projectId: 'p2' }));
    expect(book.meters.get('\0p2\0vcpu')?.opening).toBe(7n);
    expect(book.usage('\0p2\0vcpu')).toBe(0n);
  });

  it('knows nothing of its other clouds, which open with balances of their own', () => {
    const book = new Book();
    book.fold(reading(0, 5));
    book.fold(reading(MINUTE, 100, { cloud: 'west' }));
    expect(book.meters.get('west\0p1\0vcpu')?.opening).toBe(100n);
    expect(book.usage('west\0p1\0vcpu')).toBe(0n);
  });
});

describe('a new meter at a site that is being read', () => {
  it("began at zero at the site's previous reading (A5)", () => {
    const book = new Book();
    book.fold(reading(58 * MINUTE, 5));
    book.fold(reading(62 * MINUTE, 9), reading(62 * MINUTE, 400, { projectId: 'p2' }));
    expect(book.hours('\0p2\0vcpu')).toEqual([
      [0, 200n, 0n],
      [1, 200n, 0n],
    ]);
  });

  it('began there too where it comes in a later part of the same reading', () => {
    const book = new Book();
    book.fold(reading(0, 5));
    book.fold(reading(MINUTE, 9));
    book.fold(reading(MINUTE, 400, { projectId: 'p2' }));
    expect(book.hours('\0p2\0vcpu')).toEqual([[0, 400n, 0n]]);
  });
});

describe('names', () => {
  it('are attributes with a history: a renamed project counts on', () => {
    const book = new Book();
    book.fold(reading(0, 0));
    book.fold(reading(MINUTE, 60, { projectName: 'two' }));
    book.fold(reading(2 * MINUTE, 120, { projectName: 'two', domainName: 'Other' }));
    expect(book.usage()).toBe(120n);
    expect(book.history).toEqual([
      ['\0p1', 'one', 0],
      ['\0p1', 'two', MINUTE],
      ['\0p1', 'two', 2 * MINUTE],
    ]);
  });

  it('are not taken from a reading that is ignored', () => {
    const book = new Book();
    book.fold(reading(MINUTE, 60));
    book.fold(reading(0, 0, { projectName: 'old' }));
    expect(book.history).toEqual([['\0p1', 'one', MINUTE]]);
  });
});

describe('coverage', () => {
  it('is what the readings of the site span, hour by hour, and marks gaps', () => {
    const book = new Book();
    for (const atMs of [0, 59 * MINUTE, 61 * MINUTE, 3.5 * HOUR]) book.fold(reading(atMs, 0));
    expect([...book.coverage]).toEqual([
      [0, { measuredMs: 60 * MINUTE, spreadMs: 0 }],
      [1, { measuredMs: MINUTE, spreadMs: 59 * MINUTE }],
      [2, { measuredMs: 0, spreadMs: HOUR }],
      [3, { measuredMs: 0, spreadMs: 30 * MINUTE }],
    ]);
  });
});

/** What really happened at a cloud: the total of one meter at increasing instants, the stroke of each hour included. */
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

/** Deliveries of a truth: some lost, some twice, in an order of their own, as by two writers that stumble. */
const someDeliveries = aTruth.chain((truth) =>
  fc.record({
    truth: fc.constant(truth),
    deliveries: fc.array(fc.nat(truth.length - 1), { minLength: 1, maxLength: 3 * truth.length }),
  }),
);

/** Readings that nobody can make sense of: any totals, any order, several epochs, clouds, projects and names. */
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

describe('the ledger, whatever is delivered', () => {
  it('conserves: opening + entries + corrections = last total, for every meter (A7)', () => {
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

  it('never has a negative amount, nor more spread than there is', () => {
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
  it('has the true usage of every hour where it was read at the stroke of each', () => {
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

  it('counts once what is delivered twice, late, out of order, or not at all', () => {
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

  it('is not moved by what it ignores', () => {
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

  it('comes to the same by one sweep of many instants as by many sweeps', () => {
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

  it('counts what is used between resets, and corrects by what was reset (A3)', () => {
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

  it('marks as spread whatever happened around a change of epoch (A4)', () => {
    const book = new Book();
    book.fold(reading(0, 100));
    book.fold(reading(MINUTE, 20, { epoch: 'b' }));
    book.fold(reading(2 * MINUTE, 50, { epoch: 'b' }));
    book.fold(reading(3 * MINUTE, 90, { epoch: 'c' }));
    expect(book.hours()).toEqual([[0, 70n, 40n]]);
    expect(book.corrections.get(METER)).toBe(-80n);
  });
});
