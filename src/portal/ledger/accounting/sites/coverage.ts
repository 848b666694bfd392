import { MS_PER_HOUR } from '../../../../prometheus/usage-metrics.ts';
import type { Coverage } from '../../ledger.ts';
import type { AccountingRules } from '../meters/meter.ts';
import type { CloudProgress } from './progress.ts';

/** A cloud that contributes to an answer. */
export interface CoveredCloud {
  /** Undefined before the first reading. */
  progress: Pick<CloudProgress, 'firstMs' | 'lastMs'> | undefined;
  /** Whether the portal still expects readings from it. */
  expected: boolean;
  rules: AccountingRules;
  /** The time in which it contributes; undefined means always. */
  during?: { fromMs: number; toMs: number } | undefined;
}

/** An interval of an answer, and whether any of its usage was spread over gaps. */
export interface AnsweredInterval {
  fromMs: number;
  toMs: number;
  spread: boolean;
}

/**
 * The coverage of an interval: the worst among its hours and clouds.
 * - Between a cloud's first and last reading everything is measured or spread: the totals contain the usage in a gap.
 * - After the last reading an hour is missing once it has been over for longer than an ordinary pause. The present hour
 *   is as good as its readings.
 * - Nothing is missing before the first reading, or at a cloud from which no more readings are expected.
 */
export function coverageOf(
  interval: AnsweredInterval,
  clouds: readonly CoveredCloud[],
  nowMs: number,
): Coverage {
  if (clouds.some((cloud) => misses(cloud, interval, nowMs))) return 'missing';
  return interval.spread ? 'spread' : 'measured';
}

function misses(
  { progress, expected, rules, during }: CoveredCloud,
  interval: AnsweredInterval,
  nowMs: number,
): boolean {
  const fromMs = Math.max(interval.fromMs, during?.fromMs ?? -Infinity);
  const toMs = Math.min(interval.toMs, during?.toMs ?? Infinity);
  const dueUntilMs = lastHourEnd(Math.min(toMs, nowMs - rules.gapThresholdMs));
  return expected && progress !== undefined && dueUntilMs > fromMs && progress.lastMs < dueUntilMs;
}

function lastHourEnd(ms: number): number {
  return Math.floor(ms / MS_PER_HOUR) * MS_PER_HOUR;
}
