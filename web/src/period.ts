import { bucketLabel, clockTime, dayAndMonth, DAY_MS, HOUR_MS } from './format.ts';
import {
  civilTime,
  daysWords,
  monthOf,
  monthStart,
  parseRange,
  rangeWords,
  type CivilTime,
  type Range,
} from './periods/range.ts';
import { instantOf, localOf, UTC } from './periods/zone.ts';

/** The time that a page shows, as its address names it. */
export interface Period {
  /** Such as `24h`, `last-quarter`, `2026-Q2` or `2026-04-01..2026-06-15`. */
  range: string;
  /** Days and months begin at midnight in this time zone, and times are shown in it. */
  zone: string;
  compare: Comparison;
}

/** The time that a period is compared with: nothing, the same length before, or the same time a year before. */
export type Comparison = 'none' | 'before' | 'year';

export type BucketStep = 'hour' | 'day' | 'month';

export const LAST_24_HOURS: Period = { range: '24h', zone: UTC, compare: 'none' };

/** Whole hours, days or months of a period, the present one included. */
export interface Span {
  period: Period;
  fromMs: number;
  /** Exclusive. */
  toMs: number;
  step: BucketStep;
  /** The starts of the hours, days or months, oldest first. */
  starts: readonly number[];
}

/** The name of a period, for the key of a question. */
export function periodKey({ range, zone, compare }: Period): string {
  return `${range} ${zone} ${compare}`;
}

/** `usage-vcpu-2026-Q2`: the name of a file, without characters that some systems do not take. */
export function fileName(kind: string, subject: string, { range }: Period): string {
  return `${kind}-${subject}-${range}`.replaceAll(/[^\w.-]/g, '_');
}

/** `the last 7 days`, `this month`, `Q2 2026`: words that fit after "of" or "in". */
export function periodLabel({ range }: Period): string {
  return rangeWords(range);
}

/** The steps that are many enough for a chart, and not too many. */
export function stepsOf(period: Period, nowMs: number): BucketStep[] {
  const { from, to } = civilOf(period, nowMs);
  const days = Math.round((to - from) / DAY_MS);
  const steps: BucketStep[] = days <= 31 ? ['hour', 'day'] : ['day'];
  return days >= 59 ? [...steps, 'month'] : steps;
}

/** Hours for periods up to a week, days for those up to a quarter, months for longer ones. */
export function usualStep(period: Period, nowMs: number): BucketStep {
  const { from, to } = civilOf(period, nowMs);
  const days = Math.round((to - from) / DAY_MS);
  if (days <= 7) return 'hour';
  return days <= 100 ? 'day' : 'month';
}

/** The wanted step if it fits the period. */
export function stepFor(period: Period, wanted: BucketStep | undefined, nowMs: number): BucketStep {
  return wanted !== undefined && stepsOf(period, nowMs).includes(wanted) ? wanted : usualStep(period, nowMs);
}

/** The hours, days or months of a period up to the present one. A period in the future has its first one. */
export function spanOf(period: Period, step: BucketStep, nowMs: number): Span {
  const whole = spanBetween(period, step, civilOf(period, nowMs, step));
  const present = nextStart(zoneOf(period, step), step, nowMs);
  return whole.toMs <= present ? whole : cut(whole, Math.max(1, countBefore(whole, present)));
}

/** The time that a span is compared with, cut to as many hours or days if the period is not over; undefined without a comparison. */
export function spanBefore(span: Span, nowMs: number): Span | undefined {
  const { period, step } = span;
  if (period.compare === 'none') return undefined;
  const whole = civilOf(period, nowMs, step);
  const time = earlierTime(period, whole);
  const zone = zoneOf(period, step);
  if (instantOf(zone, whole.to) <= nowMs) return spanBetween(period, step, time);
  if (step !== 'month') return cut(spanBetween(period, step, time), span.starts.length);
  // The present month has only its days so far.
  const days = Math.max(1, Math.floor((localOf(zone, nowMs) - whole.from) / DAY_MS) + 1);
  return spanBetween(period, step, { from: time.from, to: Math.min(time.to, time.from + days * DAY_MS) });
}

function earlierTime(period: Period, { from, to }: CivilTime): CivilTime {
  // The year before a leap day has 28 February: a first day of 1 March could be after the last.
  if (period.compare === 'year')
    return { from: yearBefore(isLeapDay(from) ? from - DAY_MS : from), to: yearBefore(to) };
  const range = rangeOf(period);
  if (range.kind !== 'months') return { from: from - (to - from), to: from };
  return { from: monthStart(monthOf(from) - range.count), to: from };
}

function isLeapDay(local: number): boolean {
  return new Date(local).toISOString().slice(5, 10) === '02-29';
}

function yearBefore(local: number): number {
  const date = new Date(local);
  return date.setUTCFullYear(date.getUTCFullYear() - 1);
}

/** The civil time of a period. The last days end with the present step. */
export function civilOf(period: Period, nowMs: number, step: BucketStep = 'day'): CivilTime {
  const nowLocal = localOf(zoneOf(period, step), nowMs);
  const range = rangeOf(period);
  if (range.kind !== 'last') return civilTime(range, nowLocal);
  const lengthMs = step === 'hour' ? HOUR_MS : DAY_MS;
  const to = (Math.floor(nowLocal / lengthMs) + 1) * lengthMs;
  return { from: to - range.days * DAY_MS, to };
}

function rangeOf({ range }: Period): Range {
  return parseRange(range) ?? { kind: 'last', days: 1 };
}

/** The last hours are as many in every zone: a local day may have 23 or 25. */
function zoneOf(period: Period, step: BucketStep): string {
  return step === 'hour' && rangeOf(period).kind === 'last' ? UTC : period.zone;
}

function spanBetween(period: Period, step: BucketStep, { from, to }: CivilTime): Span {
  const zone = zoneOf(period, step);
  const [fromMs, toMs] = [instantOf(zone, from), instantOf(zone, to)];
  const starts: number[] = [];
  for (let at = fromMs; at < toMs; at = nextStart(zone, step, at)) starts.push(at);
  return { period, step, fromMs, toMs, starts };
}

/** The start of the next hour, day or month. Hours are those of UTC: local ones may come twice. */
function nextStart(zone: string, step: BucketStep, atMs: number): number {
  if (step === 'hour') return (Math.floor(atMs / HOUR_MS) + 1) * HOUR_MS;
  const local = localOf(zone, atMs);
  const next = step === 'day' ? (Math.floor(local / DAY_MS) + 1) * DAY_MS : monthStart(monthOf(local) + 1);
  return Math.max(instantOf(zone, next), atMs + HOUR_MS);
}

function countBefore({ starts }: Span, atMs: number): number {
  return starts.filter((start) => start < atMs).length;
}

function cut(span: Span, steps: number): Span {
  return { ...span, starts: span.starts.slice(0, steps), toMs: span.starts[steps] ?? span.toMs };
}

/** The times of a question about a span. */
export function boundsOf({
  fromMs,
  toMs,
  period: { zone },
}: Span): Pick<Span, 'fromMs' | 'toMs'> & { zone: string } {
  return { fromMs, toMs, zone };
}

/** `22 Nov 14:00–15:00`, `22 Nov 2026` or `Nov 2026`, in the zone of the period. */
export function bucketName({ starts, step, period }: Span, index: number): string {
  return bucketLabel(localOf(period.zone, starts[index] ?? 0), step);
}

/** `1 Apr to 30 Jun 2026`, or with the time of day. */
export function spanWords({ fromMs, toMs, period: { zone } }: Span): string {
  const [from, to] = [localOf(zone, fromMs), localOf(zone, toMs)];
  if (from % DAY_MS === 0 && to % DAY_MS === 0) return daysWords({ from, to });
  return [from, to].map((local) => `${dayAndMonth(local)} ${clockTime(local)}`).join(' to ');
}

/** The end of the hour, day or month that starts at `starts[index]`. */
export function bucketEnd({ starts, toMs }: Span, index: number): number {
  return starts[index + 1] ?? toMs;
}

/** True if the hour, day or month is not over. */
export function isInProgress(span: Span, index: number, nowMs: number): boolean {
  return bucketEnd(span, index) > nowMs && (span.starts[index] ?? Infinity) <= nowMs;
}
