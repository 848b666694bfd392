import type { SiteDeclaration } from './ledger/ledger.ts';
import type { PortalSites } from './leases/lease-store.ts';
import { cloudsOf, intervalOfSite, sitesOfSenders } from './settings/sender-settings.ts';
import type { PortalConfig } from './settings/settings.ts';

type Sources = Pick<PortalConfig, 'sites' | 'senders'>;

/** Sites that are read, of which their table says all there is to say, and those that senders may write as; of one that is both, what its `[[site]]` says counts. */
export function declarationsOf({ sites, senders = [] }: Sources): SiteDeclaration[] {
  const read = new Set(sites.map(({ name }) => name));
  const written = sitesOfSenders(senders).filter((name) => !read.has(name));
  return [
    ...sites.map(({ maxProjects = null, clouds = null, ...site }) => ({ ...site, maxProjects, clouds })),
    ...written.map((name) => ({
      name,
      intervalMs: intervalOfSite(name, senders),
      clouds: cloudsOf(name, senders, 'clouds'),
      retiredClouds: cloudsOf(name, senders, 'retiredClouds'),
    })),
  ];
}

/** The same by name, as the portals on one database tell one another. */
export function sitesOfPortal(sources: Sources): PortalSites {
  return {
    read: sources.sites.map(({ name }) => name),
    declared: declarationsOf(sources).map(({ name }) => name),
  };
}
