import type { SiteDeclaration } from './ledger/ledger.ts';
import type { PortalSites } from './leases/lease-store.ts';
import { cloudsOf, intervalOfSite, sitesOfSenders } from './settings/sender-settings.ts';
import type { PortalConfig } from './settings/settings.ts';

type Sources = Pick<PortalConfig, 'sites' | 'senders'>;

/**
 * Declares the sites that the portal reads and those that senders write to. If a site is both, only its `[[site]]` table
 * counts.
 */
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

/** The names of these sites. Portals on one database exchange them. */
export function sitesOfPortal(sources: Sources): PortalSites {
  return {
    read: sources.sites.map(({ name }) => name),
    declared: declarationsOf(sources).map(({ name }) => name),
  };
}
