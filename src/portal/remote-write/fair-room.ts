import type { SiteRule } from '../settings/sender-settings.ts';

interface Room {
  most: number;
  taken: number;
  /** The part that the asking sharer has taken. */
  own: number;
  /** The number of sharers. */
  sharers: number;
}

/**
 * Whether one of several sharers may take more of a room. One half of the room is for all of them. The other half is divided
 * equally, and nobody else can take a sharer's part. A single sharer has the whole room.
 */
export function mayTake({ most, taken, own, sharers }: Room): boolean {
  if (sharers <= 1) return taken < most;
  return taken < most / 2 || own < most / 2 / sharers;
}

/** The name under which a sender takes room. Senders with the same sites share it. */
export function holderOf(rule: SiteRule): string {
  return 'site' in rule ? rule.site : `${rule.siteLabel} ${rule.sites.toSorted().join(' ')}`;
}
