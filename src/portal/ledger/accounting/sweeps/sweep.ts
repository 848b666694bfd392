import { eachInSteps, Pace, sortedInSteps, type Steps } from '../../../../prometheus/steps.ts';
import type { Reading } from '../../ledger.ts';
import type { CloudCourses } from '../sites/courses.ts';
import type { Entry } from '../meters/entries.ts';
import { type ProjectIdentity, type MeterIdentity, projectKey, meterKey } from '../meters/identity.ts';
import { gapOfStep, type MeterGap } from '../meters/gap.ts';
import {
  foldReading,
  type AccountingRules,
  type Anomaly,
  type MeterState,
  type MeterStep,
  type ReadingContext,
  type Usage,
} from '../meters/meter.ts';
import { isNewBase, mayJump, type Move } from '../meters/jumps.ts';
import { renamed, type NameState } from '../sites/names.ts';
import { hourAt, hourBefore } from '../meters/hours.ts';
import { beganAtZero, type CloudProgress } from '../sites/progress.ts';

export interface BookedMeter extends MeterState {
  /** The latest hour with usage, which may still grow. */
  open: Entry;
}

/**
 * The state of the ledger before a sweep, for the projects and meters of the sweep. docs/design/accounting.md has the
 * rules A0 to A10.
 */
export interface MeterBook {
  /** By `projectKey`. */
  names: ReadonlyMap<string, NameState>;
  /** By `meterKey`. */
  meters: ReadonlyMap<string, BookedMeter>;
  /** By epoch: the time of its first folded reading, Unix milliseconds. */
  epochs: ReadonlyMap<string, number>;
  /** By epoch: the time of its first folded reading of server hours. An exporter may have them later than its totals. */
  serverEpochs: ReadonlyMap<string, number>;
  /** By `meterKey`, for meters with a new epoch or a possible jump: the largest usage in a recent hour (rule A4). */
  usualHours: ReadonlyMap<string, bigint>;
  /** By `meterKey`: how much of the last reading's difference was not counted, because the total jumped. */
  jumpedBy: ReadonlyMap<string, bigint>;
}

/** The changes that a sweep makes to one meter. */
export interface MeterChange {
  identity: MeterIdentity;
  meter: MeterState;
  /** In order of time, without overlap. */
  usages: readonly Usage[];
  /** The gaps over which usages were spread, with the facts that late readings need. */
  gaps: readonly MeterGap[];
  anomalies: readonly Anomaly[];
}

interface NameChange {
  identity: ProjectIdentity;
  /** In order of time. */
  names: NameState[];
}

/** A change while the sweep is folded. */
interface GrowingChange extends MeterChange {
  usages: Usage[];
  gaps: MeterGap[];
  anomalies: Anomaly[];
  /** An upper bound of what the usages add to the hour of the last reading. A usage that starts earlier counts whole. */
  gained: bigint;
}

/** The changes that readings make to projects and meters. */
export interface MeterChanges {
  /** By `projectKey`. */
  names: Map<string, NameChange>;
  /** By `meterKey`. */
  meters: Map<string, GrowingChange>;
  /** New epochs, and the time of each one's first folded reading. */
  epochs: Map<string, number>;
  /** The same for epochs with the first server hours. */
  serverEpochs: Map<string, number>;
  folded: number;
  ignored: number;
  anomalies: number;
}

/**
 * Folds all readings of some projects in a sweep. `courses`, the times at which each cloud was read, need the readings of
 * all projects.
 */
export function* foldReadings(
  book: MeterBook,
  courses: CloudCourses,
  readings: readonly Reading[],
  rules: AccountingRules,
): Steps<MeterChanges> {
  const changes: MeterChanges = {
    names: new Map(),
    meters: new Map(),
    epochs: new Map(),
    serverEpochs: new Map(),
    folded: 0,
    ignored: 0,
    anomalies: 0,
  };
  const pace = new Pace();
  for (const instant of yield* instantsOf(readings)) {
    const moves: Move[] = [];
    yield* eachInSteps(instant, (reading) => {
      const move = moveOf(book, changes, reading);
      if (move !== undefined) moves.push(move);
    });
    const baseMoved = isNewBase(moves);
    yield* eachInSteps(instant, (reading) => foldOne(book, courses, changes, reading, baseMoved, rules));
    yield* pace.did(instant.length);
  }
  return changes;
}

/** Groups readings by cloud and instant, in order of time. */
function* instantsOf(readings: readonly Reading[]): Steps<Reading[][]> {
  const instants = new Map<string, Reading[]>();
  const inOrder = yield* sortedInSteps(readings, (one, other) => one.atMs - other.atMs);
  let instant: Reading[] = [];
  yield* eachInSteps(inOrder, (reading) => {
    // Most readings belong to the instant of the one before, whose key need not be made again.
    if (instant[0]?.atMs !== reading.atMs || instant[0].cloud !== reading.cloud) {
      const key = `${reading.atMs}\0${reading.cloud}`;
      instant = instants.get(key) ?? [];
      instants.set(key, instant);
    }
    instant.push(reading);
  });
  return [...instants.values()];
}

/** How far a total without an epoch moved. If many totals move far at once, their base moved (decision 3). */
function moveOf(book: MeterBook, changes: MeterChanges, reading: Reading): Move | undefined {
  if (reading.epoch !== '') return undefined;
  const key = meterKey(reading);
  const known = book.meters.get(key);
  const change = changes.meters.get(key);
  const before = change?.meter ?? known;
  if (known === undefined || before === undefined || before.epoch !== '' || reading.atMs <= before.lastAtMs)
    return undefined;
  return {
    difference: reading.total - before.lastTotal,
    durationMs: reading.atMs - before.lastAtMs,
    usualHour: mayJump(known, reading.total) ? (book.usualHours.get(key) ?? 0n) : undefined,
    jumpedBy: jumpOf(change, before) ?? book.jumpedBy.get(key) ?? 0n,
  };
}

/** The correction of the last step in this sweep, if it was a jump; undefined before the first step. */
function jumpOf(change: MeterChange | undefined, { lastAtMs }: MeterState): bigint | undefined {
  if (change === undefined) return undefined;
  const last = change.anomalies.at(-1);
  return last?.kind === 'base-moved' && last.atMs === lastAtMs ? last.correction : 0n;
}

function foldOne(
  book: MeterBook,
  courses: CloudCourses,
  changes: MeterChanges,
  reading: Reading,
  baseMoved: boolean,
  rules: AccountingRules,
): void {
  const key = meterKey(reading);
  const change = changes.meters.get(key);
  const before = change?.meter ?? book.meters.get(key);
  const isMoved = baseMoved && reading.epoch === '';
  const context = contextOf(book, courses, reading, key, change, isMoved);
  const step = foldReading(before, reading, context, rules);
  if (step === undefined) {
    changes.ignored += 1;
    return;
  }
  changes.folded += 1;
  noteEpochs(book, changes, reading);
  const fromMs = before?.lastAtMs ?? context.beganAtZeroMs ?? reading.atMs;
  const gap = gapOfStep(
    before ?? { epoch: reading.epoch, lastTotal: step.meter.opening },
    fromMs,
    step,
    rules,
  );
  noteStep(changes, key, reading, step, gap);
  if (step.anomaly !== undefined) changes.anomalies += 1;
  noteName(book, changes, reading);
}

function noteEpochs(book: MeterBook, changes: MeterChanges, { epoch, atMs, servers }: Reading): void {
  if (!book.epochs.has(epoch) && !changes.epochs.has(epoch)) changes.epochs.set(epoch, atMs);
  if (servers !== undefined && !book.serverEpochs.has(epoch) && !changes.serverEpochs.has(epoch))
    changes.serverEpochs.set(epoch, atMs);
}

function contextOf(
  book: MeterBook,
  courses: CloudCourses,
  { cloud, epoch, atMs, total, servers }: Reading,
  key: string,
  change: GrowingChange | undefined,
  baseMoved: boolean,
): ReadingContext {
  const course = courses.get(cloud);
  const isFamily = servers !== undefined;
  const progressOf = (ofCloud: CloudProgress | undefined) => (isFamily ? ofCloud?.serverHours : ofCloud);
  const known = book.meters.get(key);
  const before = change?.meter ?? known;
  const epochFirstMs = book.epochs.get(epoch);
  const familyFirstMs = isFamily ? book.serverEpochs.get(epoch) : epochFirstMs;
  const presentFirstMs = before === undefined ? undefined : book.epochs.get(before.epoch);
  return {
    beganAtZeroMs: baseMoved
      ? undefined
      : beganAtZero(progressOf(course?.known), progressOf(course?.before.get(atMs)), familyFirstMs, atMs),
    mayRest: isFamily,
    usualHour: book.usualHours.get(key) ?? 0n,
    baseMoved: baseMoved && (known === undefined || mayJump(known, total)),
    epochReturns: epochFirstMs !== undefined && presentFirstMs !== undefined && epochFirstMs < presentFirstMs,
    booked: bookedOf(known, change),
  };
}

/** An upper bound of the usage in the hour of the meter's last reading. */
function bookedOf(known: BookedMeter | undefined, change: GrowingChange | undefined): bigint {
  const hour = hourAt(change?.meter.lastAtMs ?? known?.lastAtMs ?? 0);
  const open = known !== undefined && known.open.hour >= hour ? known.open.amount : 0n;
  return open + (change?.gained ?? 0n);
}

/** Extends the lists of the change in place: copies for each reading would cost the square of a long history. */
function noteStep(
  changes: MeterChanges,
  key: string,
  reading: Reading,
  step: MeterStep,
  gap: MeterGap | undefined,
): void {
  const before = changes.meters.get(key);
  const change: GrowingChange = before ?? {
    identity: reading,
    meter: step.meter,
    usages: [],
    gaps: [],
    anomalies: [],
    gained: 0n,
  };
  if (before === undefined) changes.meters.set(key, change);
  change.gained = gainedAfter(change, step);
  change.meter = step.meter;
  if (step.usage !== undefined) change.usages.push(step.usage);
  if (gap !== undefined) change.gaps.push(gap);
  if (step.anomaly !== undefined) change.anomalies.push(step.anomaly);
}

function gainedAfter({ meter: before, gained }: GrowingChange, { meter, usage }: MeterStep): bigint {
  const hour = hourAt(meter.lastAtMs);
  const earlier = hourAt(before.lastAtMs) === hour ? gained : 0n;
  return usage !== undefined && hourBefore(usage.toMs) >= hour ? earlier + usage.amount : earlier;
}

function noteName(book: MeterBook, changes: MeterChanges, reading: Reading): void {
  const key = projectKey(reading);
  const change = changes.names.get(key);
  const name = renamed(change?.names.at(-1) ?? book.names.get(key), reading, reading.atMs);
  if (name === undefined) return;
  const { cloud, projectId } = reading;
  if (change === undefined) changes.names.set(key, { identity: { cloud, projectId }, names: [name] });
  else change.names.push(name);
}
