import { MS_PER_HOUR } from '../../../../prometheus/usage-metrics.ts';
import type { Coverage } from '../../ledger.ts';
import type { AccountingRules } from '../meters/meter.ts';
import type { CloudProgress } from './progress.ts';

/** A cloud that contributes to an answer. */
export interface CoveredCloud {
  /** Undefined where it has not been read yet. */
  progress: Pick<CloudProgress, 'firstMs' | 'lastMs'> | undefined;
  /** Whether the portal is still to read it. */
  expected: boolean;
  rules: AccountingRules;
}

/** An interval of an answer, and how much of its usage was spread over gaps. */
export interface AnsweredInterval {
  fromMs: number;
  toMs: number;
  spread: boolean;
}

/**
 * How an interval of an answer is known: the worst of its hours and clouds. Between a cloud's first and last reading
 * everything is measured or spread, since totals tell what happened in a gap. After the last reading an hour is missing
 * as soon as it has been over for longer than an ordinary pause between readings; the hour that is not over yet is as
 * good as its readings. Before the first reading there is nothing to miss, nor at a cloud that is no longer expected.
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
  { progress, expected, rules }: CoveredCloud,
  { fromMs, toMs }: AnsweredInterval,
  nowMs: number,
): boolean {
  const dueUntilMs = lastHourEnd(Math.min(toMs, nowMs - rules.gapThresholdMs));
  return expected && progress !== undefined && dueUntilMs > fromMs && progress.lastMs < dueUntilMs;
}

function lastHourEnd(ms: number): number {
  return Math.floor(ms / MS_PER_HOUR) * MS_PER_HOUR;
}
