import { array, assert, bigInt, constantFrom, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { atOnce, type Steps } from '../../../prometheus/steps.ts';
import type { Reading } from '../ledger.ts';
import { MS_PER_HOUR } from '../../../prometheus/usage-metrics.ts';
import { admit } from './sweeps/admission.ts';
import { inTheirClouds } from './sites/clouds.ts';
import { coursesOf } from './sites/courses.ts';
import { hourAt, hourBefore } from './meters/hours.ts';
import { METER, reading } from '../../../../test/ledger/in-memory-book.ts';
import { DEFAULT_RULES, foldReading, LARGEST_USAGE, NO_CONTEXT, type Usage } from './meters/meter.ts';
import { correctClouds, correctMeters, mayChangeEpoch } from './sweeps/late.ts';
import { metersToBound } from './sweeps/meters-to-bound.ts';
import { closeHours } from './meters/open-hour.ts';
import { partsOfSweep } from './sweeps/parts-of-sweep.ts';
import { foldReadings, type BookedMeter, type MeterBook } from './sweeps/sweep.ts';
import { meterKey } from './meters/identity.ts';

const MINUTE = 60_000;
const known: BookedMeter = {
  epoch: 'a',
  opening: 0n,
  lastTotal: 0n,
  firstAtMs: 0,
  lastAtMs: 10 * MINUTE,
  open: { hour: 0, amount: 7n, spread: 0n },
};
const book: MeterBook = {
  names: new Map(),
  meters: new Map([[METER, known]]),
  epochs: new Map([['a', 0]]),
  serverEpochs: new Map([['a', 0]]),
  usualHours: new Map(),
  jumpedBy: new Map(),
};
function* foldSteps(readings: readonly Reading[]) {
  const courses = yield* coursesOf(new Map(), readings, RULES);
  return yield* foldReadings(book, courses, readings, RULES);
}
const fold = (readings: readonly Reading[]) => atOnce(foldSteps(readings));

/** Steps of a total. Some fill an hour of the ledger to its limit. */
const aCourse = array(
  record({
    pauseMs: constantFrom(1, 20 * MINUTE, 30 * MINUTE, MS_PER_HOUR),
    used: bigInt({ min: 0n, max: LARGEST_USAGE / 2n }),
    projectName: constantFrom('one', 'two'),
  }),
  { maxLength: 30 },
).map((steps) => {
  let [atMs, total] = [known.lastAtMs, 0n];
  return steps.map(({ pauseMs, used, projectName }) =>
    reading((atMs += pauseMs), (total += used), { projectName }),
  );
});

/** The usage of the last hour, added up from all usages. */
function bookedBy(meter: BookedMeter, usages: readonly Usage[]): bigint {
  const hour = hourAt(meter.lastAtMs);
  return usages
    .filter(({ toMs }) => hourBefore(toMs) >= hour)
    .reduce((sum, { amount }) => sum + amount, meter.open.hour >= hour ? meter.open.amount : 0n);
}

describe('many readings of one meter in one sweep', () => {
  it('make the same changes as when they are folded one by one', () => {
    assert(
      property(aCourse, (readings) => {
        let meter = known;
        const usages: Usage[] = [];
        for (const one of readings) {
          const context = { ...NO_CONTEXT, booked: bookedBy(meter, usages) };
          const step = foldReading(meter, one, context, DEFAULT_RULES);
          if (step?.usage !== undefined) usages.push(step.usage);
          if (step !== undefined) meter = { ...step.meter, open: known.open };
        }
        const change = fold(readings).meters.get(METER);
        expect(change?.usages ?? []).toEqual(usages);
        expect(change?.meter.lastTotal ?? 0n).toBe(meter.lastTotal);
      }),
    );
  });

  it('cost the same for each reading, for any number of readings', () => {
    const one = Array.from({ length: 20_000 }, (_, i) =>
      reading(known.lastAtMs + 1 + i, i, { projectName: `${i}` }),
    );
    const each = one.map((same, i) => ({ ...same, projectId: `p${i}` }));
    // The least CPU of three times, so that neither other programs nor a collection of garbage decide.
    const costOf = (readings: readonly Reading[]) => {
      const costs = [1, 2, 3].map(() => {
        const before = process.cpuUsage();
        fold(readings);
        return process.cpuUsage(before).user;
      });
      return Math.min(...costs);
    };
    expect(costOf(one) / costOf(each)).toBeLessThan(10);
  });
});

let looks = 0;

/** A proxy that counts each read of a property. */
function watched<T extends object>(one: T): T {
  return new Proxy(one, {
    get: (target, key) => {
      looks += 1;
      return Reflect.get(target, key) as unknown;
    },
  });
}

/** The rules as a proxy: they are read for intervals between instants, where no reading is. */
const RULES = watched(DEFAULT_RULES);

/** The largest number of reads of readings and rules between two yields. */
function longestStep<T extends object>(readings: readonly T[], work: (readings: readonly T[]) => Generator) {
  let most = 0;
  looks = 0;
  for (const steps = work(readings.map(watched)); ;) {
    const { done } = steps.next();
    most = Math.max(most, looks);
    looks = 0;
    if (done === true) return most;
  }
}

function countSteps(steps: Generator): number {
  let count = 1;
  while (steps.next().done !== true) count += 1;
  return count;
}

describe('a sweep of any size', () => {
  const gap = {
    fromMs: 0,
    toMs: 3e9,
    fromTotal: 0n,
    fromEpoch: 'a',
    toTotal: 10n ** 9n,
    toEpoch: 'a',
    amount: 1n,
  };
  const gapBook = { meters: new Map([[METER, [gap]]]), usualHours: new Map<string, bigint>() };
  const room = { projects: 1e6, clouds: 9, resources: 9, serverKinds: 9, epochs: 9, names: 1e6, meters: 1e6 };
  const nothing = {
    projects: new Map(),
    clouds: new Set(['']),
    resources: new Set<string>(),
    serverKinds: new Set<string>(),
    epochs: new Set<string>(),
    meters: new Set<string>(),
  };
  const works: [string, (readings: readonly Reading[]) => Steps<unknown>][] = [
    ['put into its clouds', (all) => inTheirClouds(all, { ofEpochs: new Map(), read: new Set() })],
    ['admitted', (all) => admit(all, nothing, room)],
    ['split into parts', (all) => partsOfSweep(all, 2000)],
    ['folded', foldSteps],
    ['searched for other epochs', (all) => metersToBound(book.meters, all)],
    ['searched for gaps', (all) => mayChangeEpoch(new Map([[METER, [gap]]]), all)],
    ['folded as late readings of a meter', (all) => correctMeters(gapBook, all, RULES)],
    ['folded as late readings of a cloud', (all) => correctClouds(new Map([['', [gap]]]), all, RULES)],
  ];

  it.each(works)('is %s in steps of a bounded size', (_does, work) => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, i) =>
        reading(2e9 + (i % 3 === 0 ? 7 : i), i, { projectId: `p${i % 5}` }),
      );
    expect(longestStep(many(40_000), work)).toBeLessThan(1.5 * longestStep(many(10_000), work));
  });

  /** Work on many meters and clouds with a few readings each. */
  const gapsOf = (keyOf: (cloud: string) => string) =>
    new Map(Array.from({ length: 400 }, (_, i) => [keyOf(`c${i}`), [{ ...gap, toMs: 2e9, toEpoch: 'b' }]]));
  const meterGaps = gapsOf((cloud) => meterKey({ cloud, projectId: 'p1', resource: 'vcpu' }));
  const cloudGaps = gapsOf((cloud) => cloud);
  const shared: [string, (readings: readonly Reading[]) => Steps<unknown>][] = [
    ['folded', foldSteps],
    ['followed along the courses of its clouds', (all) => coursesOf(new Map(), all, RULES)],
    [
      'folded as late readings of meters',
      (all) => correctMeters({ ...gapBook, meters: meterGaps }, all, RULES),
    ],
    ['folded as late readings of clouds', (all) => correctClouds(cloudGaps, all, RULES)],
  ];

  it.each(shared)('is %s in steps of a bounded size, for any number of clouds and meters', (_does, work) => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, i) =>
        reading(1e9 + Math.floor(i / 100) + (i % 100) * 1.5 * MS_PER_HOUR, i % 100, {
          cloud: `c${Math.floor(i / 100)}`,
        }),
      );
    expect(longestStep(many(16_000), work)).toBeLessThan(1.5 * longestStep(many(4000), work));
  });

  it.each(shared.slice(2))('is %s in more steps if more hours are spread', (_does, work) => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, i) => reading(1e9 + i, 1, { cloud: `c${i}` }));
    expect(countSteps(work(many(400)))).toBeGreaterThan(3 * countSteps(work(many(100))));
  });

  it('closes the hours of a meter in steps of a bounded size, even with many usages in one hour', () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, i): Usage => ({
        amount: 1n,
        fromMs: i,
        toMs: i + 1,
        quality: 'measured',
      }));
    const close = (usages: readonly Usage[]) => closeHours(known.open, usages);
    expect(longestStep(many(40_000), close)).toBeLessThan(1.5 * longestStep(many(10_000), close));
  });
});
