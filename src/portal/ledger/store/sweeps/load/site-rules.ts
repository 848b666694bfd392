import { sql, type Sql } from '../../../../database/sql.ts';
import type { AccountingRules } from '../../../accounting/meters/meter.ts';
import { capsOfSite, type SiteCaps } from '../../../accounting/sites/site-caps.ts';
import { rulesOfSite } from '../../../accounting/sites/site-rules.ts';

/** The rules and limits for the sweeps of a site, from the configuration of the portals. */
export interface SiteRules {
  name: string;
  rules: AccountingRules;
  caps: SiteCaps;
  /** The clouds that the configuration names; undefined if it names none. */
  configured: ReadonlySet<string> | undefined;
}

export interface SiteRecord {
  name: string;
  interval_ms: number | null;
  max_projects: number | null;
  clouds: string[] | null;
}

export function siteWithId(siteId: number): Sql {
  return sql`SELECT name, interval_ms, max_projects, clouds FROM ledger.site WHERE site_id = ${siteId}`;
}

export function siteRules({ name, interval_ms, max_projects, clouds }: SiteRecord): SiteRules {
  return {
    name,
    rules: rulesOfSite(interval_ms ?? undefined),
    caps: capsOfSite(max_projects ?? undefined),
    configured: clouds === null ? undefined : new Set(clouds),
  };
}
