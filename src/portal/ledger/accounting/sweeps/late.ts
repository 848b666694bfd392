import { eachInSteps, Pace, sortedInSteps, type Steps } from '../../../../prometheus/steps.ts';
import type { Reading } from '../../ledger.ts';
import { entriesOf, type Entry } from '../meters/entries.ts';
import { fillGap, isGap, partsOf, type Interval, type MeterGap } from '../meters/gap.ts';
import type { AccountingRules, Usage } from '../meters/meter.ts';
import { hourAt, hourBefore } from '../meters/hours.ts';
import { coverageBetween, type HourCoverage } from '../sites/progress.ts';
import { meterKey } from './sweep.ts';

/** The gaps that the ledger knows of, of the meters that late readings are about. */
export interface MeterGapBook {
  /** By `meterKey`. */
  meters: ReadonlyMap<string, readonly MeterGap[]>;
  /** By `meterKey`: the largest usage of an hour lately, of those that `mayChangeEpoch`. */
  usualHours: ReadonlyMap<string, bigint>;
}

/** What late truth does to one gap of a meter. */
export interface MeterCorrection {
  /** By `meterKey`. */
  key: string;
  gap: MeterGap;
  /** What is still open of it. */
  open: MeterGap[];
  /** What its hours gain and lose. */
  entries: Entry[];
  /** What the recorded corrections of rule A7 gain or lose; entries and this add up to zero. */
  correction: bigint;
}

/** What late truth does to one gap of a cloud. */
export interface CloudCorrection {
  cloud: string;
  gap: Interval;
  open: Interval[];
  /** What the coverage of its hours gains and loses. */
  coverage: HourCoverage[];
}

export interface MeterCorrections {
  meters: MeterCorrection[];
  /** Readings that were of use. */
  used: number;
}

/**
 * Replaces what was spread over gaps of meters by what late readings say of them. They may be taken in parts, each with all the
 * readings of its meters.
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

/** Replaces what is known of how gaps of clouds were covered. `clouds` are the known gaps by name of the cloud. */
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

/** By `meterKey`: the meters whose gaps have another epoch in them, by their ends or by a late reading. */
export function* mayChangeEpoch(
  gaps: ReadonlyMap<string, readonly MeterGap[]>,
  readings: readonly Reading[],
): Steps<Set<string>> {
  const changing = new Set<string>();
  for (const [key, list] of gaps)
    if (list.some(({ fromEpoch, toEpoch }) => fromEpoch !== toEpoch)) changing.add(key);
  // One look for each epoch of a meter: a gap for each reading would cost the product.
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

/** Each hour of a gap is work, however few readings lie in it. */
function hoursOf({ fromMs, toMs }: Interval): number {
  return hourBefore(toMs) - hourAt(fromMs) + 1;
}

/** The readings between the ends of a gap, of some in order of time: a look at all of them for each gap would cost the product. */
function inside({ fromMs, toMs }: Interval, readings: readonly Reading[]): Reading[] {
  return readings.slice(placeOf(fromMs + 1, readings), placeOf(toMs, readings));
}

/** The first place that is not before an instant. */
function placeOf(atMs: number, readings: readonly Reading[]): number {
  let [low, high] = [0, readings.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((readings[middle]?.atMs ?? 0) < atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Each group is in order of time. */
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

/** What comes of each item, one after the other. */
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
