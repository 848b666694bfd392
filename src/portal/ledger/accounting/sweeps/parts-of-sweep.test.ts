import { array, assert, constantFrom, integer, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { atOnce } from '../../../../prometheus/steps.ts';
import type { Reading } from '../../ledger.ts';
import { coursesOf } from '../sites/courses.ts';
import { reading } from '../../../../../test/ledger/in-memory-book.ts';
import { DEFAULT_RULES } from '../meters/meter.ts';
import { NOTHING_OPEN } from '../meters/open-hour.ts';
import { partsOfSweep } from './parts-of-sweep.ts';
import { foldReadings, type BookedMeter, type MeterBook, type MeterChanges } from './sweep.ts';

const MINUTE = 60_000;
const meter: BookedMeter = {
  epoch: 'a',
  opening: 1n,
  lastTotal: 5n,
  firstAtMs: 0,
  lastAtMs: 10 * MINUTE,
  open: NOTHING_OPEN,
};
const clouds = new Map([['', { firstMs: 0, priorMs: 5 * MINUTE, lastMs: 10 * MINUTE }]]);
const book: MeterBook = {
  names: new Map(),
  meters: new Map([['\0p1\0vcpu', meter]]),
  epochs: new Map([['a', 0]]),
  serverEpochs: new Map([['a', 0]]),
  usualHours: new Map(),
  jumpedBy: new Map(),
};
const readings = array(
  record({
    atMs: integer({ min: 0, max: 90 }).map((minute) => minute * MINUTE),
    total: integer({ min: 0, max: 9 }).map(BigInt),
    projectId: constantFrom('p1', 'p2', 'p3', 'p4'),
    projectName: constantFrom('one', 'other'),
    of: constantFrom(
      { resource: 'vcpu' },
      { resource: 'mb' },
      { resource: 'server', servers: { flavor: 'a/1/2/3/0/0/0', state: 'active' } },
    ),
    cloud: constantFrom('', 'second'),
    epoch: constantFrom('a', 'b'),
  }).map(({ of, ...more }): Reading => reading(0, 0, { ...more, ...of })),
  { maxLength: 40 },
);

describe('the parts of a sweep', () => {
  it('make the same changes one by one as the whole sweep', () => {
    assert(
      property(readings, integer({ min: 1, max: 50 }), (all, size) => {
        const courses = atOnce(coursesOf(clouds, all, DEFAULT_RULES));
        const whole = atOnce(foldReadings(book, courses, all, DEFAULT_RULES));
        const parts = atOnce(partsOfSweep(all, size)).map((part) =>
          atOnce(foldReadings(book, courses, part, DEFAULT_RULES)),
        );
        expect(byKey(joined(parts))).toEqual(byKey(whole));
      }),
    );
  });

  it('have about the requested size, and keep the readings of a project together', () => {
    const all = ['vcpu', 'mb'].flatMap((resource) =>
      Array.from({ length: 10 }, (_, i) => reading(1, 1, { projectId: `p${i}`, resource })),
    );
    const parts = atOnce(partsOfSweep(all, 8));
    expect(parts.map(({ length }) => length)).toEqual([8, 8, 4]);
    expect(parts.map((part) => new Set(part.map(({ projectId }) => projectId)).size)).toEqual([4, 4, 2]);
  });
});

function joined(parts: readonly MeterChanges[]): MeterChanges {
  const sum = (of: (part: MeterChanges) => number) => parts.reduce((total, part) => total + of(part), 0);
  const earliest = (of: (part: MeterChanges) => ReadonlyMap<string, number>) => {
    const epochs = new Map<string, number>();
    for (const [epoch, firstMs] of parts.flatMap((part) => [...of(part)]))
      epochs.set(epoch, Math.min(firstMs, epochs.get(epoch) ?? firstMs));
    return epochs;
  };
  return {
    names: new Map(parts.flatMap(({ names }) => [...names])),
    meters: new Map(parts.flatMap(({ meters }) => [...meters])),
    epochs: earliest(({ epochs }) => epochs),
    serverEpochs: earliest(({ serverEpochs }) => serverEpochs),
    folded: sum(({ folded }) => folded),
    ignored: sum(({ ignored }) => ignored),
    anomalies: sum(({ anomalies }) => anomalies),
  };
}

/** Sorts maps by key, because parts come in another order than the whole. */
function byKey(changes: MeterChanges) {
  const sorted = <T>(map: ReadonlyMap<string, T>) =>
    [...map].toSorted(([one], [other]) => (one < other ? -1 : 1));
  return {
    ...changes,
    names: sorted(changes.names),
    meters: sorted(changes.meters),
    epochs: sorted(changes.epochs),
    serverEpochs: sorted(changes.serverEpochs),
  };
}
