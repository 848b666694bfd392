import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InMemoryBook } from '../../../../test/ledger/in-memory-book.ts';
import { atOnce } from '../../../prometheus/steps.ts';
import { groupsBetween, instantMs } from './instants-between.ts';
import { writtenSeriesOf, type WrittenSeries } from '../sorting.ts';
import { sweepOfGroups } from './sweep-of-groups.ts';
import type { Group } from './waiting-room.ts';

const NOON = Date.UTC(2026, 0, 31, 12);
const MINUTE = 60_000;
const NOW = NOON + 5 * 60 * MINUTE;

/** Series of an exporter. Two are one meter under two names, one is of servers, one has no project, and the last is a meter of a project
 * that has another name elsewhere. */
const seriesOf = (instance: string): readonly WrittenSeries[] =>
  [
    { name: 'project_vcpu_usage', labels: { project_id: 'p', project_name: 'one' } },
    { name: 'project_vcpu_usage', labels: { project_id: 'p', project_name: 'two' } },
    { name: 'project_mb_usage', labels: { project_id: 'p', project_name: 'one' } },
    {
      name: 'project_server_usage',
      labels: { project_id: 'p', project_name: 'one', flavor: 'm1/2/2048/20/0/0/0', state: 'active' },
    },
    { name: 'project_vcpu_usage', labels: { project_name: 'one' } },
    { name: 'project_gb_usage', labels: { project_id: 'p', project_name: 'two' } },
  ].map(({ name, labels }) => writtenSeriesOf({ name, labels: { ...labels, instance } }));
const SERIES: Readonly<Record<string, readonly WrittenSeries[]>> = { e: seriesOf('e'), f: seriesOf('f') };

interface Instant {
  minutes: number;
  epoch: string | null;
  exporter: string;
  places: readonly number[];
  rise: number;
  states: 'a time' | 'nothing' | 'no time now' | 'an endless time';
}

/** Groups whose totals rise from one to the next, or fall at times. Most have all series of the group before. */
function groupsOf(instants: readonly Instant[]): Group[] {
  let total = 1000;
  let atMs = NOON;
  const groups = instants.map(({ minutes, epoch, exporter, places, rise, states }) => {
    total += rise;
    atMs += minutes * MINUTE;
    return {
      site: 'a',
      exporter: `\0${exporter}`,
      atMs: atMs + 5000,
      receivedMs: NOW,
      foldedUntilSeconds: statedBy(states, atMs),
      epoch,
      states: { foldedUntil: states !== 'nothing', epoch: epoch !== null },
      requests: new Set<string>(),
      series: places.map((place) => SERIES[exporter]?.[place] as WrittenSeries),
      values: places.map((place) => total + place),
    };
  });
  return groups.toSorted((one, other) => instantMs(one) - instantMs(other));
}

function statedBy(states: Instant['states'], atMs: number): number | null {
  if (states === 'an endless time') return Infinity;
  return states === 'a time' ? atMs / 1000 : null;
}

const mostly = <T>(usual: T, ...others: T[]) =>
  fc.oneof(
    { weight: 12, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  );
const instantsWith = (usual: readonly number[]) =>
  fc.array(
    fc.record({
      minutes: fc.constantFrom(0, 0, 1, 1, 2, 2, 5, 12, 48),
      epoch: mostly<string | null>('x', 'y', '', null),
      exporter: mostly('e', 'f'),
      places: mostly<readonly number[]>(usual, [3, 0, 2], [0, 2], [0, 1, 2], [0, 2, 4], [0, 0, 2]),
      rise: mostly(1, 0, 7, -3, 1e12, 1e15),
      states: mostly<Instant['states']>('a time', 'nothing', 'no time now', 'an endless time'),
    }),
    { minLength: 1, maxLength: 25 },
  );
const someInstants = fc.oneof(
  { weight: 4, arbitrary: instantsWith([0, 2, 3]) },
  { weight: 1, arbitrary: instantsWith([0, 2, 5]) },
);

/** A ledger that folds the first group by itself, and all others as one sweep. */
function folded([first, ...rest]: readonly Group[], newestMs: number) {
  const book = new InMemoryBook();
  const sweep = (groups: readonly Group[], between: ReadonlySet<Group>) =>
    atOnce(sweepOfGroups(groups, between, NOW));
  book.fold(...sweep(first === undefined ? [] : [first], new Set()).readings);
  const { readings, refusals, unread } = sweep(rest, atOnce(groupsBetween(rest, newestMs)));
  const { folded: count, ignored } = book.fold(...readings);
  // The time at which an absurd jump is noticed depends on how often totals are read.
  book.anomalyKinds.delete('absurd-jump');
  return {
    book,
    refused: refusals.map(({ reason, count: of }) => [reason, of]),
    all: count + ignored + unread,
  };
}

describe('groups between others', () => {
  it('need not be read: the ledger and the refusals are the same without them', () => {
    let unread = 0;
    fc.assert(
      fc.property(someInstants, (instants) => {
        const groups = groupsOf(instants);
        const newestMs = instantMs(groups[0] as Group);
        unread += atOnce(groupsBetween(groups, newestMs)).size;
        expect(folded(groups, newestMs)).toEqual(folded(groups, Infinity));
      }),
      { numRuns: 1000 },
    );
    expect(unread).toBeGreaterThan(100);
  });

  const usual: Instant = {
    minutes: 1,
    epoch: 'x',
    exporter: 'e',
    places: [0, 2, 3],
    rise: 1,
    states: 'a time',
  };
  const between = (...changes: Partial<Instant>[]) => {
    const groups = groupsOf(changes.map((change) => ({ ...usual, ...change })));
    const found = atOnce(groupsBetween(groups, NOON));
    return groups.flatMap((group, place) => (found.has(group) ? [place] : []));
  };

  it('lie in one hour and one epoch, with the same series in any order, and totals that do not fall', () => {
    expect(between({}, {}, { places: [3, 2, 0] }, { rise: 0 }, {})).toEqual([1, 2, 3]);
    expect(between({}, {}, { rise: -1 }, {}, {})).toEqual([3]);
    expect(between({}, {}, { places: [0, 2] }, {}, {})).toEqual([]);
    expect(between({}, {}, { epoch: 'y' }, { epoch: 'y' }, { epoch: 'y' })).toEqual([3]);
    expect(between({}, { epoch: '' }, { epoch: '' }, { epoch: '' })).toEqual([]);
    expect(between({}, {}, { exporter: 'f' }, {}, {}, {})).toEqual([4]);
    // Its time is that of its samples, so it comes third for the ledger.
    expect(between({}, {}, { states: 'an endless time', epoch: 'y' }, {}, {})).toEqual([]);
    // The third group is at the full hour: its totals end the hour before.
    expect(between({ minutes: 56 }, { minutes: 2 }, { minutes: 2 }, {}, {})).toEqual([1, 3]);
  });

  it('may also be later scrapes of the same totals', () => {
    const again = { minutes: 0, rise: 0 };
    expect(between({}, again, again, {}, again, {}, again)).toEqual([1, 2, 3, 4, 6]);
    expect(between({}, { ...again, rise: 1 }, {}, {}, {})).toEqual([3]);
  });

  it('are at most a bounded number of samples of a sweep if one of their series is refused', () => {
    const groups = groupsOf(Array.from({ length: 40 }, () => ({ ...usual, places: [0, 2, 4] })));
    const found = atOnce(groupsBetween(groups, NOON));
    expect(found.size).toBe(38);
    const sizes: number[] = [];
    let rest: readonly Group[] = groups;
    for (; rest.length > 0; rest = rest.slice(sizes.at(-1)))
      sizes.push(atOnce(sweepOfGroups(rest, found, NOW, undefined, 30)).groups);
    expect(sizes).toEqual([10, 10, 10, 10]);
  });

  it('are newer than all that was folded, and so is the group before', () => {
    const groups = groupsOf(Array.from({ length: 5 }, () => usual));
    const newer = atOnce(groupsBetween(groups, NOON + 2 * MINUTE));
    expect(groups.map((group) => newer.has(group))).toEqual([false, false, false, true, false]);
  });
});
