import type { SiteDeclaration } from './ledger/ledger.ts';
import { intervalOfSite, sitesOfSenders } from './remote-write/sender-settings.ts';
import type { PortalConfig } from './settings.ts';

/** Sites that are read, and those that senders may write as. */
export function declarationsOf({
  sites,
  senders = [],
}: Pick<PortalConfig, 'sites' | 'senders'>): SiteDeclaration[] {
  const read = new Set(sites.map(({ name }) => name));
  const written = sitesOfSenders(senders).filter((name) => !read.has(name));
  return [
    ...sites,
    ...written.map((name) => ({ name, labels: {}, intervalMs: intervalOfSite(name, senders) })),
  ];
}
