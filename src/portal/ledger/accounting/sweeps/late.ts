import { eachInSteps, Pace, sortedInSteps, type Steps } from '../../../../prometheus/steps.ts';
import type { Reading } from '../../ledger.ts';
import { entriesOf, type Entry } from '../meters/entries.ts';
import { fillGap, isGap, partsOf, type Interval, type MeterGap } from '../meters/gap.ts';
import type { AccountingRules, Usage } from '../meters/meter.ts';
import { hourAt, hourBefore } from '../meters/hours.ts';
import { coverageBetween, type HourCoverage } from '../sites/progress.ts';
import { meterKey } from '../meters/identity.ts';

/** The known gaps of the meters that have late readings. */
export interface MeterGapBook {
  /** By `meterKey`. */
  meters: ReadonlyMap<string, readonly MeterGap[]>;
  /** By `meterKey`: the largest usage in a recent hour, for the meters that `mayChangeEpoch` returns. */
  usualHours: ReadonlyMap<string, bigint>;
}

/** The changes that late readings make to one gap of a meter. */
export interface MeterCorrection {
  /** By `meterKey`. */
  key: string;
  gap: MeterGap;
  /** The parts of the gap that are still open. */
  open: MeterGap[];
  /** The amounts that its hours gain and lose. */
  entries: Entry[];
  /** The amount that the recorded corrections of rule A7 gain or lose. Together with `entries` it adds up to zero. */
  correction: bigint;
}

/** The changes that late readings make to one gap of a cloud. */
export interface CloudCorrection {
  cloud: string;
  gap: Interval;
  open: Interval[];
  /** The coverage that its hours gain and lose. */
  coverage: HourCoverage[];
}

export interface MeterCorrections {
  meters: MeterCorrection[];
  /** Late readings that were used. */
  used: number;
}

/**
 * Replaces usage that was spread over gaps of meters with usage from late readings. The readings may come in parts, if each
 * part has all readings of its meters.
 */
export function* correctMeters(
  book: MeterGapBook,
  readings: readonly Reading[],
  rules: AccountingRules,
): Steps<MeterCorrections> {
  const changes: MeterCorrections = { meters: [], used: 0 };
  const pace = new Pace();
  for (const [key, all] of yield* groupBy(readings, meterKey))
    for (const gap of book.meters.get(key) ?? []) {
      const late = inside(gap, all);
      yield* correctMeter(changes, key, gap, late, book.usualHours.get(key) ?? 0n, rules);
      yield* pace.did(late.length + hoursOf(gap));
    }
  return changes;
}

/** Replaces the coverage of gaps of clouds with coverage from late readings. `clouds` has the known gaps by cloud. */
export function* correctClouds(
  clouds: ReadonlyMap<string, readonly Interval[]>,
  readings: readonly Reading[],
  rules: AccountingRules,
): Steps<CloudCorrection[]> {
  const corrections: CloudCorrection[] = [];
  const pace = new Pace();
  for (const [cloud, all] of yield* groupBy(readings, (reading) => reading.cloud))
    for (const gap of clouds.get(cloud) ?? []) {
      const late = inside(gap, all);
      corrections.push(...((yield* correctCloud(cloud, gap, late, rules)) ?? []));
      yield* pace.did(late.length + hoursOf(gap));
    }
  return corrections;
}

/** The `meterKey`s of the meters with a change of epoch in a gap, at its ends or in a late reading. */
export function* mayChangeEpoch(
  gaps: ReadonlyMap<string, readonly MeterGap[]>,
  readings: readonly Reading[],
): Steps<Set<string>> {
  const changing = new Set<string>();
  for (const [key, list] of gaps)
    if (list.some(({ fromEpoch, toEpoch }) => fromEpoch !== toEpoch)) changing.add(key);
  // Looks at the gaps once for each epoch of a meter. Once for each reading would cost gaps × readings.
  const looked = new Set<string>();
  yield* eachInSteps(readings, (reading) => {
    const key = meterKey(reading);
    const look = `${key}\0${reading.epoch}`;
    if (changing.has(key) || looked.has(look)) return;
    looked.add(look);
    if (gaps.get(key)?.some(({ fromEpoch }) => fromEpoch !== reading.epoch)) changing.add(key);
  });
  return changing;
}

/** The number of hours in a gap. Each hour is work, even without readings in it. */
function hoursOf({ fromMs, toMs }: Interval): number {
  return hourBefore(toMs) - hourAt(fromMs) + 1;
}

/** The readings between the ends of a gap. Searches the sorted readings: a scan for each gap would cost gaps × readings. */
function inside({ fromMs, toMs }: Interval, readings: readonly Reading[]): Reading[] {
  return readings.slice(placeOf(fromMs + 1, readings), placeOf(toMs, readings));
}

/** The index of the first reading at or after an instant. */
function placeOf(atMs: number, readings: readonly Reading[]): number {
  let [low, high] = [0, readings.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((readings[middle]?.atMs ?? 0) < atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Groups readings by key. Each group is in order of time. */
function* groupBy(
  readings: readonly Reading[],
  keyOf: (reading: Reading) => string,
): Steps<Map<string, Reading[]>> {
  const groups = new Map<string, Reading[]>();
  const inOrder = yield* sortedInSteps(readings, (one, other) => one.atMs - other.atMs);
  yield* eachInSteps(inOrder, (reading) => {
    const key = keyOf(reading);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [reading]);
    else group.push(reading);
  });
  return groups;
}

function* correctMeter(
  changes: MeterCorrections,
  key: string,
  gap: MeterGap,
  late: readonly Reading[],
  usualHour: bigint,
  rules: AccountingRules,
): Steps<void> {
  const filled = yield* fillGap(gap, late, usualHour, rules);
  if (filled === undefined) return;
  const usages: Usage[] = [];
  let corrections = 0n;
  yield* eachInSteps(filled.steps, ({ usage, anomaly }) => {
    if (usage !== undefined) usages.push(usage);
    corrections += anomaly?.correction ?? 0n;
  });
  const correction = corrections - (gap.toTotal - gap.fromTotal - gap.amount);
  changes.used += filled.used;
  const entries = yield* entriesChanged(gap, usages);
  changes.meters.push({ key, gap, open: filled.gaps, entries, correction });
}

function* entriesChanged({ fromMs, toMs, amount }: MeterGap, usages: readonly Usage[]): Steps<Entry[]> {
  const byHour = new Map<number, Entry>();
  const add = (gained: Entry, sign: 1n | -1n) => {
    const had = byHour.get(gained.hour) ?? { amount: 0n, spread: 0n };
    byHour.set(gained.hour, {
      hour: gained.hour,
      amount: had.amount + sign * gained.amount,
      spread: had.spread + sign * gained.spread,
    });
  };
  yield* eachInSteps(
    ofEach(usages, (usage) => entriesOf([usage])),
    (entry) => add(entry, 1n),
  );
  const was = entriesOf([{ amount, fromMs, toMs, quality: 'spread' }]);
  yield* eachInSteps(was, (entry) => add(entry, -1n));
  return [...byHour.values()].filter((entry) => entry.amount !== 0n || entry.spread !== 0n);
}

/** Yields the parts of each item, one item after the other. */
function* ofEach<Item, Part>(items: Iterable<Item>, of: (item: Item) => Iterable<Part>): Generator<Part> {
  for (const item of items) yield* of(item);
}

function* correctCloud(
  cloud: string,
  gap: Interval,
  late: readonly Reading[],
  rules: AccountingRules,
): Steps<[CloudCorrection] | undefined> {
  const parts: Interval[] = [];
  const open: Interval[] = [];
  yield* eachInSteps(partsOf(gap, late), (part) => {
    parts.push(part);
    if (isGap(part, rules)) open.push(part);
  });
  if (parts.length === 1) return undefined;
  return [{ cloud, gap, open, coverage: yield* coverageChanged(gap, parts, rules) }];
}

function* coverageChanged(
  gap: Interval,
  parts: readonly Interval[],
  rules: AccountingRules,
): Steps<HourCoverage[]> {
  const byHour = new Map<number, HourCoverage>();
  const add = ({ hour, measuredMs, spreadMs }: HourCoverage, sign: 1 | -1) => {
    const had = byHour.get(hour) ?? { hour, measuredMs: 0, spreadMs: 0 };
    byHour.set(hour, {
      hour,
      measuredMs: had.measuredMs + sign * measuredMs,
      spreadMs: had.spreadMs + sign * spreadMs,
    });
  };
  const covered = ({ fromMs, toMs }: Interval) => coverageBetween(fromMs, toMs, rules);
  yield* eachInSteps(covered(gap), (hour) => add(hour, -1));
  yield* eachInSteps(ofEach(parts, covered), (hour) => add(hour, 1));
  return [...byHour.values()].filter(({ measuredMs, spreadMs }) => measuredMs !== 0 || spreadMs !== 0);
}
