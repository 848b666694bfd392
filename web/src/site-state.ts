import type { SiteRow } from './api.ts';
import { MINUTE_MS } from './format.ts';
import { compareNames } from './names.ts';

export type SiteStateName = 'failing' | 'late' | 'never read' | 'reporting' | 'not read';

export interface SiteState {
  name: SiteStateName;
  /** The reason of a problem; null if there is none. */
  reason: string | null;
}

const ORDER: readonly SiteStateName[] = ['failing', 'late', 'never read', 'reporting', 'not read'];

export function siteState(site: SiteRow, nowMs: number): SiteState {
  if (!site.declared) return { name: 'not read', reason: null };
  if (site.last_error !== null) return { name: 'failing', reason: site.last_error };
  const readAt = countedUpTo(site);
  if (readAt === null) return { name: 'never read', reason: 'no reading has arrived yet' };
  const pauseMs = site.ordinary_pause_seconds * 1000;
  if (site.clouds.length > 0 && nowMs - Date.parse(readAt) > pauseMs)
    return {
      name: 'late',
      reason: `the newest reading${ofCloud(site)} is older than ${pauseMs / MINUTE_MS} minutes`,
    };
  return { name: 'reporting', reason: null };
}

/** The instant up to which all clouds of the site are counted: the latest reading of the cloud that is furthest behind. */
export function countedUpTo({ clouds: [oldest], last_reading_at: newest }: SiteRow): string | null {
  return oldest?.last_reading_at ?? newest;
}

function ofCloud({ clouds: [oldest] }: SiteRow): string {
  return oldest === undefined || oldest.cloud === '' ? '' : ` of cloud '${oldest.cloud}'`;
}

/** Sites with problems first, then by name. */
export function inOrderOfConcern(sites: readonly SiteRow[], nowMs: number): SiteRow[] {
  const concern = (site: SiteRow) => ORDER.indexOf(siteState(site, nowMs).name);
  return [...sites].sort((a, b) => concern(a) - concern(b) || compareNames(a.name, b.name));
}
