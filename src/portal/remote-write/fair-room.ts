import type { SiteRule } from '../settings/sender-settings.ts';

interface Room {
  most: number;
  taken: number;
  /** What the one who asks has taken of it. */
  own: number;
  /** How many may ask. */
  sharers: number;
}

/**
 * Whether one of several may take more of a room. Half of it is for all of them; each has an equal part of the other half, which
 * nobody else can take. One by itself has all of it.
 */
export function mayTake({ most, taken, own, sharers }: Room): boolean {
  if (sharers <= 1) return taken < most;
  return taken < most / 2 || own < most / 2 / sharers;
}

/** Senders that may write as the same sites share what they may take. */
export function holderOf(rule: SiteRule): string {
  return 'site' in rule ? rule.site : `${rule.siteLabel} ${rule.sites.toSorted().join(' ')}`;
}
