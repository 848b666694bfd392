import type { AccountingRules } from '../meters/meter.ts';

/** A cloud of a site that is not retired, and up to when its totals counted when it was last read. */
interface ReadCloud {
  cloud: string;
  /** Unix milliseconds. */
  lastMs: number;
}

/**
 * Why a site that is read tells nothing new of one of its clouds: the totals of the one that was read longest ago stood still for longer
 * than an ordinary pause. Its Prometheus may serve the last totals of an exporter that has died, and a gate in front of it
 * answers as ever. Undefined where all move.
 */
export function whyStandstill(
  lastSuccessMs: number | undefined,
  clouds: readonly ReadCloud[],
  { gapThresholdMs }: Pick<AccountingRules, 'gapThresholdMs'>,
): string | undefined {
  const [oldest] = clouds.toSorted((one, other) => one.lastMs - other.lastMs);
  if (lastSuccessMs === undefined || oldest === undefined) return undefined;
  if (lastSuccessMs - oldest.lastMs <= gapThresholdMs) return undefined;
  const totals = whoseTotals(oldest, clouds.length);
  return `the site answers, but ${totals} have not moved since ${new Date(oldest.lastMs).toISOString()}`;
}

function whoseTotals({ cloud }: ReadCloud, clouds: number): string {
  if (cloud !== '') return `the totals of cloud '${cloud}'`;
  return clouds === 1 ? "the exporter's totals" : 'the totals that name no cloud';
}
