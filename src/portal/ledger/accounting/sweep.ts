import type { Reading } from '../ledger.ts';
import { gapOfStep, isGap, type Interval, type MeterGap } from './gap.ts';
import {
  foldReading,
  type AccountingRules,
  type Anomaly,
  type MeterState,
  type MeterStep,
  type ReadingContext,
  type Usage,
} from './meter.ts';
import { renamed, type NameState } from './names.ts';
import { advance, beganAtZero, coverageBetween, type CloudProgress, type HourCoverage } from './progress.ts';

/** What the ledger knows of a site before a sweep; of projects and meters, those that the sweep reads. */
export interface SiteBook {
  /** By name of the cloud. */
  clouds: ReadonlyMap<string, CloudProgress>;
  /** By `projectKey`. */
  names: ReadonlyMap<string, NameState>;
  /** By `meterKey`. */
  meters: ReadonlyMap<string, MeterState>;
  /** By epoch: when a reading of it was folded first, Unix milliseconds. */
  epochs: ReadonlyMap<string, number>;
  /** By `meterKey`, of meters whose epoch changes: the largest usage of an hour lately (rule A4). */
  usualHours: ReadonlyMap<string, bigint>;
}

/** The identity of a project at a site (rule A9). */
export type ProjectIdentity = Pick<Reading, 'cloud' | 'projectId'>;

/** The identity of a meter at a site (rule A9). */
export type MeterIdentity = Pick<Reading, 'cloud' | 'projectId' | 'resource'>;

/** What a sweep does to one meter. */
export interface MeterChange {
  identity: MeterIdentity;
  meter: MeterState;
  /** In order of time, without overlap. */
  usages: Usage[];
  /** The usages that were spread over gaps, with what is needed to do better later. */
  gaps: MeterGap[];
  anomalies: Anomaly[];
}

export interface CloudChange {
  progress: CloudProgress;
  /** By hour. */
  coverage: Map<number, HourCoverage>;
  gaps: Interval[];
}

interface NameChange {
  identity: ProjectIdentity;
  /** In order of time. */
  names: NameState[];
}

/** All that a sweep changes. */
export interface SweepChanges {
  /** By name of the cloud. */
  clouds: Map<string, CloudChange>;
  /** By `projectKey`. */
  names: Map<string, NameChange>;
  /** By `meterKey`. */
  meters: Map<string, MeterChange>;
  /** Epochs that are new, and when a reading of each was folded first. */
  epochs: Map<string, number>;
  folded: number;
  ignored: number;
  anomalies: number;
}

export function projectKey({ cloud, projectId }: ProjectIdentity): string {
  return `${cloud}\0${projectId}`;
}

export function meterKey({ cloud, projectId, resource }: MeterIdentity): string {
  return `${cloud}\0${projectId}\0${resource}`;
}

/** Folds the readings of a sweep, in order of time, into what is known of the site (rules A1 to A5). */
export function foldSweep(
  book: SiteBook,
  readings: readonly Reading[],
  rules: AccountingRules,
): SweepChanges {
  const changes: SweepChanges = {
    clouds: new Map(),
    names: new Map(),
    meters: new Map(),
    epochs: new Map(),
    folded: 0,
    ignored: 0,
    anomalies: 0,
  };
  for (const reading of readings.toSorted((one, other) => one.atMs - other.atMs)) {
    foldOne(book, changes, reading, rules);
  }
  return changes;
}

function foldOne(book: SiteBook, changes: SweepChanges, reading: Reading, rules: AccountingRules): void {
  const key = meterKey(reading);
  const change = changes.meters.get(key);
  const before = change?.meter ?? book.meters.get(key);
  const context = contextOf(book, changes, reading, before);
  const step = foldReading(before, reading, context, rules);
  noteProgress(book, changes, reading, rules);
  if (step === undefined) {
    changes.ignored += 1;
    return;
  }
  changes.folded += 1;
  if (!book.epochs.has(reading.epoch) && !changes.epochs.has(reading.epoch))
    changes.epochs.set(reading.epoch, reading.atMs);
  const fromMs = before?.lastAtMs ?? context.beganAtZeroMs ?? reading.atMs;
  const gap = gapOfStep(
    before ?? { epoch: reading.epoch, lastTotal: step.meter.opening },
    fromMs,
    step,
    rules,
  );
  changes.meters.set(key, withStep(change, reading, step, gap));
  if (step.anomaly !== undefined) changes.anomalies += 1;
  noteName(book, changes, reading);
}

function contextOf(
  book: SiteBook,
  changes: SweepChanges,
  reading: Reading,
  before: MeterState | undefined,
): ReadingContext {
  const known = book.clouds.get(reading.cloud);
  const progress = changes.clouds.get(reading.cloud)?.progress ?? known;
  const epochFirstMs = book.epochs.get(reading.epoch);
  const presentFirstMs = before === undefined ? undefined : book.epochs.get(before.epoch);
  return {
    beganAtZeroMs: beganAtZero(known, progress, epochFirstMs, reading.atMs),
    usualHour: book.usualHours.get(meterKey(reading)) ?? 0n,
    epochReturns: epochFirstMs !== undefined && presentFirstMs !== undefined && epochFirstMs < presentFirstMs,
  };
}

function withStep(
  change: MeterChange | undefined,
  reading: Reading,
  step: MeterStep,
  gap: MeterGap | undefined,
): MeterChange {
  const { cloud, projectId, resource } = reading;
  return {
    identity: change?.identity ?? { cloud, projectId, resource },
    meter: step.meter,
    usages: withLast(change?.usages, step.usage),
    gaps: withLast(change?.gaps, gap),
    anomalies: withLast(change?.anomalies, step.anomaly),
  };
}

function withLast<T>(list: readonly T[] | undefined, last: T | undefined): T[] {
  return last === undefined ? [...(list ?? [])] : [...(list ?? []), last];
}

function noteProgress(
  book: SiteBook,
  changes: SweepChanges,
  { cloud, atMs }: Reading,
  rules: AccountingRules,
) {
  const change = changes.clouds.get(cloud);
  const before = change?.progress ?? book.clouds.get(cloud);
  const progress = advance(before, atMs);
  if (progress === before) return;
  const coverage = change?.coverage ?? new Map<number, HourCoverage>();
  const gaps = change?.gaps ?? [];
  if (before !== undefined) {
    for (const gained of coverageBetween(before.lastMs, atMs, rules)) addCoverage(coverage, gained);
    const interval = { fromMs: before.lastMs, toMs: atMs };
    if (isGap(interval, rules)) gaps.push(interval);
  }
  changes.clouds.set(cloud, { progress, coverage, gaps });
}

function addCoverage(coverage: Map<number, HourCoverage>, gained: HourCoverage): void {
  const had = coverage.get(gained.hour);
  coverage.set(gained.hour, {
    hour: gained.hour,
    measuredMs: (had?.measuredMs ?? 0) + gained.measuredMs,
    spreadMs: (had?.spreadMs ?? 0) + gained.spreadMs,
  });
}

function noteName(book: SiteBook, changes: SweepChanges, reading: Reading): void {
  const key = projectKey(reading);
  const change = changes.names.get(key);
  const name = renamed(change?.names.at(-1) ?? book.names.get(key), reading, reading.atMs);
  if (name === undefined) return;
  const { cloud, projectId } = reading;
  changes.names.set(key, { identity: { cloud, projectId }, names: [...(change?.names ?? []), name] });
}
