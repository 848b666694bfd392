import { MS_PER_HOUR } from '../../../../prometheus/usage-metrics.ts';
import { liesInOneHour } from './hours.ts';
import { isAbsurd } from './jumps.ts';

/** The state of a meter in the ledger. */
export interface MeterState {
  epoch: string;
  /** Usage from before the ledger started (rule A5). */
  opening: bigint;
  lastTotal: bigint;
  firstAtMs: number;
  lastAtMs: number;
}

/** The part of a reading that accounting needs. */
export interface TotalAt {
  total: bigint;
  atMs: number;
  epoch: string;
}

/** Usage of an interval, before it is spread over hours. */
export interface Usage {
  amount: bigint;
  fromMs: number;
  toMs: number;
  quality: 'measured' | 'spread';
}

type AnomalyKind =
  | 'total-fell'
  | 'epoch-changed'
  | 'epoch-returned'
  | 'base-moved'
  | 'implausible-jump'
  | 'absurd-jump'
  | 'late-truth';

export interface Anomaly {
  kind: AnomalyKind;
  atMs: number;
  /** The part of the total's change that is not usage; one of the terms of rule A7. */
  correction: bigint;
}

/** The result of folding one reading into a meter. */
export interface MeterStep {
  meter: MeterState;
  usage: Usage | undefined;
  anomaly: Anomaly | undefined;
}

/** The facts about a reading that come from the ledger and from the site's other readings. */
export interface ReadingContext {
  /** For a new meter: the last instant at zero; undefined if its total includes usage from before the ledger (rule A5). */
  beganAtZeroMs: number | undefined;
  /** For a meter whose epoch changes: its largest usage in a recent hour (rule A4), amount × milliseconds. */
  usualHour: bigint;
  /** Whether the site had the reading's epoch before the meter's present epoch. */
  epochReturns: boolean;
  /** Whether the totals have a new base at this instant, for an exporter that states no epoch. */
  baseMoved: boolean;
  /** Whether the total may rest for months and then rise at once, such as the hours of a state. */
  mayRest: boolean;
  /**
   * At most this much usage is already in the meter's latest hour. The sum with the new usage must fit the ledger's
   * hours.
   */
  booked: bigint;
}

/** The context of a meter about which nothing is known. */
export const NO_CONTEXT: ReadingContext = {
  beganAtZeroMs: undefined,
  usualHour: 0n,
  epochReturns: false,
  baseMoved: false,
  mayRest: false,
  booked: 0n,
};

export interface AccountingRules {
  /** An interval that crosses a full hour and is longer than this is marked as spread. */
  gapThresholdMs: number;
}

/** Three refreshes of an exporter at its default interval: so one or two failed refreshes make no gap. */
export const DEFAULT_RULES: AccountingRules = { gapThresholdMs: 15 * 60_000 };

/** The usual rate of a meter is its largest hour among this many hours before its last reading (rule A4). */
export const USUAL_HOURS = 168;

/** More than any project can use in an hour or between two readings. Larger amounts do not fit the ledger's hours. */
export const LARGEST_USAGE = 2n ** 62n;

/** Folds a reading into a meter by the rules A1 to A5. Undefined if the reading is not newer than the last one (A1). */
export function foldReading(
  meter: MeterState | undefined,
  reading: TotalAt,
  context: ReadingContext,
  rules: AccountingRules,
): MeterStep | undefined {
  if (meter === undefined) return firstReading(reading, context, rules);
  if (reading.atMs <= meter.lastAtMs) return undefined;
  if (reading.epoch !== meter.epoch)
    return newBase(meter, reading, context, context.epochReturns ? 'epoch-returned' : 'epoch-changed');
  if (context.baseMoved && reading.total > meter.lastTotal)
    return newBase(meter, reading, context, 'base-moved');
  return reading.total < meter.lastTotal
    ? lowerTotal(meter, reading)
    : sameEpoch(meter, reading, context, rules);
}

/** Whether the usage of each hour in an interval is measured or spread. */
export function qualityOf(fromMs: number, toMs: number, rules: AccountingRules): Usage['quality'] {
  return liesInOneHour(fromMs, toMs) || toMs - fromMs <= rules.gapThresholdMs ? 'measured' : 'spread';
}

/** A5 */
function firstReading(reading: TotalAt, context: ReadingContext, rules: AccountingRules): MeterStep {
  const opening = context.beganAtZeroMs === undefined ? reading.total : 0n;
  const fromMs = Math.min(context.beganAtZeroMs ?? reading.atMs, reading.atMs);
  const quality = fromMs < reading.atMs ? qualityOf(fromMs, reading.atMs, rules) : 'spread';
  const { epoch, atMs } = reading;
  const meter = { epoch, opening, lastTotal: opening, firstAtMs: atMs, lastAtMs: fromMs };
  return count(meter, reading, quality, context);
}

/** A2 */
function sameEpoch(
  meter: MeterState,
  reading: TotalAt,
  context: ReadingContext,
  rules: AccountingRules,
): MeterStep {
  const step = count(meter, reading, qualityOf(meter.lastAtMs, reading.atMs, rules), context);
  if (step.anomaly !== undefined || context.mayRest || !isAbsurd(meter, reading)) return step;
  return { ...step, anomaly: { kind: 'absurd-jump', atMs: reading.atMs, correction: 0n } };
}

/** A3 */
function lowerTotal(meter: MeterState, reading: TotalAt): MeterStep {
  return rebase(meter, reading, 'total-fell');
}

/**
 * A4. Totals of another epoch may start at an earlier date, or come from another exporter. So may the totals of an exporter
 * that states no epoch. The excess counts as usage only as far as the meter's usual rate allows. The rest is a correction.
 */
function newBase(meter: MeterState, reading: TotalAt, context: ReadingContext, kind: AnomalyKind): MeterStep {
  const difference = reading.total - meter.lastTotal;
  const amount = clamp(difference, plausibleUsage(context, reading.atMs - meter.lastAtMs));
  const usage: Usage = { amount, fromMs: meter.lastAtMs, toMs: reading.atMs, quality: 'spread' };
  return {
    meter: moved(meter, reading),
    usage: amount === 0n ? undefined : usage,
    anomaly: { kind, atMs: reading.atMs, correction: difference - amount },
  };
}

function plausibleUsage({ usualHour, booked }: ReadingContext, durationMs: number): bigint {
  const hour = BigInt(MS_PER_HOUR);
  const usage = (usualHour * BigInt(durationMs) + hour - 1n) / hour;
  return usage < LARGEST_USAGE - booked ? usage : LARGEST_USAGE - booked;
}

function clamp(amount: bigint, largest: bigint): bigint {
  if (amount <= 0n) return 0n;
  return amount < largest ? amount : largest;
}

/** Counts the difference of the totals as usage. */
function count(
  meter: MeterState,
  reading: TotalAt,
  quality: Usage['quality'],
  { booked }: ReadingContext,
): MeterStep {
  const amount = reading.total - meter.lastTotal;
  if (amount > LARGEST_USAGE - booked) return rebase(meter, reading, 'implausible-jump');
  const usage = { amount, fromMs: meter.lastAtMs, toMs: reading.atMs, quality };
  return { meter: moved(meter, reading), usage: amount === 0n ? undefined : usage, anomaly: undefined };
}

/** Records the difference of the totals as a correction, not as usage. */
function rebase(meter: MeterState, reading: TotalAt, kind: AnomalyKind): MeterStep {
  const correction = reading.total - meter.lastTotal;
  return {
    meter: moved(meter, reading),
    usage: undefined,
    anomaly: { kind, atMs: reading.atMs, correction },
  };
}

function moved(meter: MeterState, { total, atMs, epoch }: TotalAt): MeterState {
  const { opening, firstAtMs } = meter;
  return { epoch, opening, lastTotal: total, firstAtMs, lastAtMs: atMs };
}
