import { DAY_MS, HOUR_MS } from './format.ts';

export type PeriodName = '24h' | '7d' | '30d';
export type BucketStep = 'hour' | 'day';

export const PERIODS: readonly { name: PeriodName; label: string; lengthMs: number; step: BucketStep }[] = [
  { name: '24h', label: '24 hours', lengthMs: DAY_MS, step: 'hour' },
  { name: '7d', label: '7 days', lengthMs: 7 * DAY_MS, step: 'hour' },
  { name: '30d', label: '30 days', lengthMs: 30 * DAY_MS, step: 'day' },
];

/** Whole hours or days (UTC) from `fromMs` to `toMs`, which is exclusive. */
export interface Span {
  period: PeriodName;
  fromMs: number;
  toMs: number;
  step: BucketStep;
}

export function periodLabel(name: PeriodName): string {
  return period(name).label;
}

/** Hours for periods up to a week, days for longer ones. */
export function usualStep(name: PeriodName): BucketStep {
  return period(name).step;
}

/** The last hours or days, including the current one. */
export function spanUpTo(nowMs: number, name: PeriodName, step: BucketStep): Span {
  const bucketMs = stepMs(step);
  const toMs = (Math.floor(nowMs / bucketMs) + 1) * bucketMs;
  return { period: name, fromMs: toMs - period(name).lengthMs, toMs, step };
}

/** The starts of the hours or days of a span, oldest first. */
export function bucketStarts({ fromMs, toMs, step }: Span): number[] {
  const bucketMs = stepMs(step);
  return Array.from({ length: (toMs - fromMs) / bucketMs }, (_, index) => fromMs + index * bucketMs);
}

export function stepMs(step: BucketStep): number {
  return step === 'hour' ? HOUR_MS : DAY_MS;
}

/** True if the hour or day is not over. */
export function isInProgress(startMs: number, step: BucketStep, nowMs: number): boolean {
  return startMs + stepMs(step) > nowMs;
}

function period(name: PeriodName) {
  const found = PERIODS.find((candidate) => candidate.name === name);
  if (found === undefined) throw new RangeError(`unknown period ${name}`);
  return found;
}
