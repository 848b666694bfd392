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

/** What is known of a meter's gap: its two ends, and how much between them was counted as usage. */
export interface MeterGap extends Interval {
  fromTotal: bigint;
  fromEpoch: string;
  toTotal: bigint;
  toEpoch: string;
  /** Spread over the gap; what the totals moved by beyond it was corrected. */
  amount: bigint;
}

/** What late truth makes of a meter's gap; usage and correction together are what they were before. */
export interface FilledGap {
  steps: MeterStep[];
  /** What is still open. */
  gaps: MeterGap[];
  /** Readings that were of use. */
  used: number;
}

/** The gap that a step leaves behind it; undefined where it was measured, or nothing was to be spread. */
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
 * Folds late readings, in order of time, between the two ends of a gap, as they would have been folded in time. Only those count that fit
 * between the ends: so late truth moves usage between hours, and finds usage of an epoch that ended inside the gap, but
 * never more than the totals say, nor beyond `usualHour` what a change of epoch brings (rule A4). Undefined where none fits.
 */
export function* fillGap(
  gap: MeterGap,
  late: readonly TotalAt[],
  usualHour: bigint,
  rules: AccountingRules,
): Steps<FilledGap | undefined> {
  if (isOfMovedBase(gap)) return undefined;
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

/** Without an epoch nobody can tell whether a total in it is of before or after its base moved. */
function isOfMovedBase({ fromEpoch, toEpoch, fromTotal, toTotal, amount }: MeterGap): boolean {
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

/** The parts of a gap of a cloud between its ends and the instants at which it turns out to have been read, in order of time. */
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
