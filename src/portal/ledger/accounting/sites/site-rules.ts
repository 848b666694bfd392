import { MS_PER_HOUR } from '../../../../prometheus/usage-metrics.ts';
import { DEFAULT_RULES, type AccountingRules } from '../meters/meter.ts';

/** So many intervals without a reading are an ordinary pause. */
const ORDINARY_INTERVALS = 3;

/**
 * The rules for a site that is read every so often: the pauses of one that is read seldom are no gaps. But whoever is not
 * read once an hour does not say what an hour had: that is spread, whatever the interval.
 */
export function rulesOfSite(intervalMs: number | undefined): AccountingRules {
  const ordinaryMs = ORDINARY_INTERVALS * (intervalMs ?? 0);
  return {
    ...DEFAULT_RULES,
    gapThresholdMs: Math.min(MS_PER_HOUR, Math.max(DEFAULT_RULES.gapThresholdMs, ordinaryMs)),
  };
}
