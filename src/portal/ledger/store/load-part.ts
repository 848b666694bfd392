import type { Kysely } from 'kysely';
import type { Entry } from '../accounting/entries.ts';
import type { MeterBook } from '../accounting/sweep.ts';
import type { Reading } from '../ledger.ts';
import { loadMeters } from './load-meters.ts';
import { loadProjects } from './load-projects.ts';
import { loadUsualHours, metersOfOtherEpochs } from './load-usual-hours.ts';
import type { LockedSite } from './lock-site.ts';
import { IdMap } from './site-ids.ts';

/** A locked site with those of its projects and meters that some readings are about. */
export interface LoadedPart extends LockedSite {
  book: MeterBook;
  /** By `projectKey`. */
  projects: IdMap;
  /** By `meterKey`. */
  meters: IdMap;
  /** By `meterKey`: the hours that may still grow. */
  openHours: ReadonlyMap<string, Entry>;
}

export async function loadPart(
  trx: Kysely<unknown>,
  site: LockedSite,
  readings: readonly Reading[],
): Promise<LoadedPart> {
  const projects = await loadProjects(trx, site, readings);
  const meters = await loadMeters(trx, site, projects);
  const usualHours = await loadUsualHours(trx, site.siteId, metersOfOtherEpochs(meters, readings));
  return {
    ...site,
    book: {
      names: new Map(projects.map(({ key, name }) => [key, name])),
      meters: new Map(meters.map(({ key, state }) => [key, state])),
      epochs: new Map([...site.knownEpochs.values()].map(({ name, firstMs }) => [name, firstMs])),
      usualHours,
    },
    projects: new IdMap(
      projects.map(({ key, id }) => [key, id]),
      site.counter,
    ),
    meters: new IdMap(
      meters.map(({ key, id }) => [key, id]),
      site.counter,
    ),
    openHours: new Map(meters.map(({ key, open }) => [key, open])),
  };
}
