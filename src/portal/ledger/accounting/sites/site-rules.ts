import { MS_PER_HOUR } from '../../../../prometheus/usage-metrics.ts';
import { DEFAULT_RULES, type AccountingRules } from '../meters/meter.ts';

/** An ordinary pause lasts up to this many intervals. */
const ORDINARY_INTERVALS = 3;

/**
 * The rules for a site that is read at this interval. The longer the interval, the longer an ordinary pause, up to one
 * hour: with less than one reading an hour the usage of an hour is not known, and is spread.
 */
export function rulesOfSite(intervalMs: number | undefined): AccountingRules {
  const ordinaryMs = ORDINARY_INTERVALS * (intervalMs ?? 0);
  return {
    ...DEFAULT_RULES,
    gapThresholdMs: Math.min(MS_PER_HOUR, Math.max(DEFAULT_RULES.gapThresholdMs, ordinaryMs)),
  };
}
