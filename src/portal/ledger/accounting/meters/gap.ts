import { eachInSteps, type Steps } from '../../../../prometheus/steps.ts';
import {
  foldReading,
  NO_CONTEXT,
  qualityOf,
  type AccountingRules,
  type MeterState,
  type MeterStep,
  type TotalAt,
} from './meter.ts';

/** A time between two readings. */
export interface Interval {
  fromMs: number;
  toMs: number;
}

/** A gap of a meter: the readings at both ends, and the usage that was counted between them. */
export interface MeterGap extends Interval {
  fromTotal: bigint;
  fromEpoch: string;
  toTotal: bigint;
  toEpoch: string;
  /** The usage that was spread over the gap. The rest of the difference between the totals is a correction. */
  amount: bigint;
}

/** A gap after late readings were folded into it. The sum of usage and correction is the same as before. */
export interface FilledGap {
  steps: MeterStep[];
  /** The gaps that are still open. */
  gaps: MeterGap[];
  /** Late readings that were used. */
  used: number;
}

/** The gap that a step leaves; undefined if the step was measured, or had no usage to spread. */
export function gapOfStep(
  before: Pick<MeterState, 'epoch' | 'lastTotal'>,
  fromMs: number,
  { meter, usage }: MeterStep,
  rules: AccountingRules,
): MeterGap | undefined {
  const toMs = meter.lastAtMs;
  if (meter.lastTotal === before.lastTotal || fromMs >= toMs) return undefined;
  if (qualityOf(fromMs, toMs, rules) === 'measured') return undefined;
  return {
    fromMs,
    toMs,
    fromTotal: before.lastTotal,
    fromEpoch: before.epoch,
    toTotal: meter.lastTotal,
    toEpoch: meter.epoch,
    amount: usage?.amount ?? 0n,
  };
}

/**
 * Folds late readings, in order of time, between the two ends of a gap, as if they had come in time. Only readings count
 * whose totals fit between the ends. So late readings move usage between hours, and find the usage of an epoch that ended
 * inside the gap. They never add more than the totals allow, and at a change of epoch no more than `usualHour` allows
 * (rule A4). Undefined if no reading fits.
 */
export function* fillGap(
  gap: MeterGap,
  late: readonly TotalAt[],
  usualHour: bigint,
  rules: AccountingRules,
): Steps<FilledGap | undefined> {
  if (hasMovedBase(gap)) return undefined;
  let meter = startOf(gap);
  const filled: FilledGap = { steps: [], gaps: [], used: 0 };
  const advance = (reading: TotalAt) => {
    const step = foldReading(meter, reading, { ...NO_CONTEXT, usualHour }, rules);
    if (step === undefined) return;
    filled.steps.push(step);
    const open = gapOfStep(meter, meter.lastAtMs, step, rules);
    if (open !== undefined) filled.gaps.push(open);
    meter = step.meter;
  };
  yield* eachInSteps(late, (reading) => {
    if (!fits(gap, meter, reading)) return;
    advance(reading);
    filled.used += 1;
  });
  if (filled.used === 0) return undefined;
  advance({ total: gap.toTotal, atMs: gap.toMs, epoch: gap.toEpoch });
  return filled;
}

/** Without an epoch, a total inside such a gap may come from before or after its base moved, and nothing tells which. */
function hasMovedBase({ fromEpoch, toEpoch, fromTotal, toTotal, amount }: MeterGap): boolean {
  return fromEpoch === '' && toEpoch === '' && amount < toTotal - fromTotal;
}

function startOf({ fromMs, fromTotal, fromEpoch }: MeterGap): MeterState {
  return { epoch: fromEpoch, opening: 0n, lastTotal: fromTotal, firstAtMs: fromMs, lastAtMs: fromMs };
}

function fits(gap: MeterGap, meter: MeterState, { total, atMs, epoch }: TotalAt): boolean {
  if (atMs <= meter.lastAtMs || atMs >= gap.toMs) return false;
  if (epoch === gap.toEpoch && total > gap.toTotal) return false;
  return epoch === meter.epoch ? total >= meter.lastTotal : epoch === gap.toEpoch;
}

/** Splits a gap of a cloud at the instants of late readings. The instants have to be in order of time. */
export function* partsOf(
  { fromMs, toMs }: Interval,
  instants: Iterable<{ atMs: number }>,
): Generator<Interval> {
  let last = fromMs;
  for (const { atMs } of instants) {
    if (atMs <= last || atMs >= toMs) continue;
    yield { fromMs: last, toMs: atMs };
    last = atMs;
  }
  yield { fromMs: last, toMs };
}

/** Whether the time between two readings of a cloud is a gap. */
export function isGap({ fromMs, toMs }: Interval, rules: AccountingRules): boolean {
  return fromMs < toMs && qualityOf(fromMs, toMs, rules) === 'spread';
}
