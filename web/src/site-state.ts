import type { SiteStatus } from './api.ts';
import { MINUTE_MS } from './format.ts';

export type SiteStateName = 'failing' | 'late' | 'never read' | 'reporting';

export interface SiteState {
  name: SiteStateName;
  /** Why, where it is not as it should be. */
  reason: string | null;
}

/**
 * Beyond this a reading is old: a site's Prometheus drops a silent exporter after five minutes, a window settles in a few.
 * The portal says it as `last_error` once an ordinary pause has passed.
 */
export const LATE_AFTER_MS = 10 * MINUTE_MS;

const ORDER: readonly SiteStateName[] = ['failing', 'late', 'never read', 'reporting'];

export function siteState(site: SiteStatus, nowMs: number): SiteState {
  if (site.last_error !== null) return { name: 'failing', reason: site.last_error };
  if (site.last_reading_at === null) return { name: 'never read', reason: 'no reading has arrived yet' };
  if (nowMs - Date.parse(site.last_reading_at) > LATE_AFTER_MS)
    return { name: 'late', reason: 'the newest reading is older than 10 minutes' };
  return { name: 'reporting', reason: null };
}

/** What needs a look first, then by name. */
export function inOrderOfConcern(sites: readonly SiteStatus[], nowMs: number): SiteStatus[] {
  const concern = (site: SiteStatus) => ORDER.indexOf(siteState(site, nowMs).name);
  return [...sites].sort((a, b) => concern(a) - concern(b) || a.name.localeCompare(b.name));
}
