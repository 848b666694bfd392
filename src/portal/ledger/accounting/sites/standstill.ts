import type { AccountingRules } from '../meters/meter.ts';

/** A cloud of a site that is not retired, and the time up to which its latest totals count. */
interface ReadCloud {
  cloud: string;
  /** Unix milliseconds. */
  lastMs: number;
}

/**
 * Says that the totals of a cloud have not moved for longer than an ordinary pause, although the site answers; undefined if
 * all totals move. It names the cloud whose totals are oldest. A common cause: an exporter has died, and the site's
 * Prometheus still serves its last totals through the gate.
 */
export function whyStandstill(
  lastSuccessMs: number | undefined,
  clouds: readonly ReadCloud[],
  { gapThresholdMs }: Pick<AccountingRules, 'gapThresholdMs'>,
): string | undefined {
  const [oldest] = clouds.toSorted((one, other) => one.lastMs - other.lastMs);
  if (lastSuccessMs === undefined || oldest === undefined) return undefined;
  if (lastSuccessMs - oldest.lastMs <= gapThresholdMs) return undefined;
  const totals = nameOfTotals(oldest, clouds.length);
  return `the site answers, but ${totals} have not moved since ${new Date(oldest.lastMs).toISOString()}`;
}

function nameOfTotals({ cloud }: ReadCloud, clouds: number): string {
  if (cloud !== '') return `the totals of cloud '${cloud}'`;
  return clouds === 1 ? "the exporter's totals" : 'the totals without a cloud';
}
