import type { AccountingRules } from '../meters/meter.ts';

/** When a site was last read, and up to when its totals counted then; Unix milliseconds. */
interface SiteTimes {
  lastSuccessMs: number | undefined;
  lastReadingMs: number | undefined;
}

/**
 * Why a site that is read tells nothing new: its totals stood still for longer than an ordinary pause. Its Prometheus may serve the
 * last totals of an exporter that has died, and a gate in front of it answers as ever. Undefined where they move.
 */
export function whyStandstill(
  { lastSuccessMs, lastReadingMs }: SiteTimes,
  { gapThresholdMs }: Pick<AccountingRules, 'gapThresholdMs'>,
): string | undefined {
  if (lastSuccessMs === undefined || lastReadingMs === undefined) return undefined;
  if (lastSuccessMs - lastReadingMs <= gapThresholdMs) return undefined;
  return `the site answers, but the exporter's totals have not moved since ${new Date(lastReadingMs).toISOString()}`;
}
