import type { Reading } from '../ledger.ts';
import { entriesOf, type Entry } from './entries.ts';
import { fillGap, isGap, partsOf, type Interval, type MeterGap } from './gap.ts';
import type { AccountingRules, Usage } from './meter.ts';
import { coverageBetween, type HourCoverage } from './progress.ts';
import { meterKey } from './sweep.ts';

/** The gaps that the ledger knows of, of the meters and clouds that late readings are about. */
export interface GapBook {
  /** By `meterKey`. */
  meters: ReadonlyMap<string, readonly MeterGap[]>;
  /** By name of the cloud. */
  clouds: ReadonlyMap<string, readonly Interval[]>;
  /** By `meterKey`: the largest usage of an hour lately. */
  usualHours: ReadonlyMap<string, bigint>;
}

/** What late truth does to one gap of a meter. */
interface MeterCorrection {
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
interface CloudCorrection {
  cloud: string;
  gap: Interval;
  open: Interval[];
  /** What the coverage of its hours gains and loses. */
  coverage: HourCoverage[];
}

export interface LateChanges {
  meters: MeterCorrection[];
  clouds: CloudCorrection[];
  /** Readings that were of use. */
  used: number;
}

/** Replaces what was spread over gaps by what late readings say of them. */
export function correctGaps(
  book: GapBook,
  readings: readonly Reading[],
  rules: AccountingRules,
): LateChanges {
  const changes: LateChanges = { meters: [], clouds: [], used: 0 };
  for (const [key, late] of groupBy(readings, meterKey))
    for (const gap of book.meters.get(key) ?? [])
      correctMeter(changes, key, gap, late, book.usualHours.get(key) ?? 0n, rules);
  for (const [cloud, late] of groupBy(readings, (reading) => reading.cloud))
    for (const gap of book.clouds.get(cloud) ?? []) correctCloud(changes, cloud, gap, late, rules);
  return changes;
}

function groupBy(readings: readonly Reading[], keyOf: (reading: Reading) => string): Map<string, Reading[]> {
  const groups = new Map<string, Reading[]>();
  for (const reading of readings) {
    const key = keyOf(reading);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [reading]);
    else group.push(reading);
  }
  return groups;
}

function correctMeter(
  changes: LateChanges,
  key: string,
  gap: MeterGap,
  late: readonly Reading[],
  usualHour: bigint,
  rules: AccountingRules,
): void {
  const filled = fillGap(gap, late, usualHour, rules);
  if (filled === undefined) return;
  const usages = filled.steps.flatMap(({ usage }) => usage ?? []);
  const corrections = filled.steps.reduce((sum, { anomaly }) => sum + (anomaly?.correction ?? 0n), 0n);
  const correction = corrections - (gap.toTotal - gap.fromTotal - gap.amount);
  changes.used += filled.used;
  changes.meters.push({ key, gap, open: filled.gaps, entries: entriesChanged(gap, usages), correction });
}

function entriesChanged({ fromMs, toMs, amount }: MeterGap, usages: readonly Usage[]): Entry[] {
  const byHour = new Map<number, Entry>();
  for (const { hour, amount: gained, spread } of entriesOf(usages))
    byHour.set(hour, { hour, amount: gained, spread });
  for (const { hour, amount: lost } of entriesOf([{ amount, fromMs, toMs, quality: 'spread' }])) {
    const gained = byHour.get(hour);
    byHour.set(hour, { hour, amount: (gained?.amount ?? 0n) - lost, spread: (gained?.spread ?? 0n) - lost });
  }
  return [...byHour.values()].filter((entry) => entry.amount !== 0n || entry.spread !== 0n);
}

function correctCloud(
  changes: LateChanges,
  cloud: string,
  gap: Interval,
  late: readonly Reading[],
  rules: AccountingRules,
): void {
  const parts = partsOf(
    gap,
    late.map(({ atMs }) => atMs),
  );
  if (parts.length === 1) return;
  const open = parts.filter((part) => isGap(part, rules));
  changes.clouds.push({ cloud, gap, open, coverage: coverageChanged(gap, parts, rules) });
}

function coverageChanged(gap: Interval, parts: readonly Interval[], rules: AccountingRules): HourCoverage[] {
  const byHour = new Map<number, HourCoverage>();
  const add = (interval: Interval, sign: 1 | -1) => {
    for (const { hour, measuredMs, spreadMs } of coverageBetween(interval.fromMs, interval.toMs, rules)) {
      const had = byHour.get(hour) ?? { hour, measuredMs: 0, spreadMs: 0 };
      byHour.set(hour, {
        hour,
        measuredMs: had.measuredMs + sign * measuredMs,
        spreadMs: had.spreadMs + sign * spreadMs,
      });
    }
  };
  add(gap, -1);
  for (const part of parts) add(part, 1);
  return [...byHour.values()].filter(({ measuredMs, spreadMs }) => measuredMs !== 0 || spreadMs !== 0);
}
