import { sql, type Queryable } from '../../../../database/sql.ts';
import type { AccountingRules } from '../../../accounting/meters/meter.ts';
import { capsOfSite, type SiteCaps } from '../../../accounting/sites/site-caps.ts';
import { rulesOfSite } from '../../../accounting/sites/site-rules.ts';

/** How a site's sweeps are folded, as the portals that have it configured say. */
export interface SiteRules {
  rules: AccountingRules;
  caps: SiteCaps;
  /** The clouds that the configuration names; undefined where it says nothing. */
  clouds: ReadonlySet<string> | undefined;
}

interface SaidRecord {
  interval_ms: number | null;
  max_projects: number | null;
  clouds: string[] | null;
}

export async function loadSiteRules(database: Queryable, site: string): Promise<SiteRules> {
  const { rows } = await database.query<SaidRecord>(sql`
    SELECT interval_ms, max_projects, clouds FROM ledger.site WHERE name = ${site}`);
  const [said] = rows;
  if (said === undefined) throw new Error(`the site ${JSON.stringify(site)} was not declared to the ledger`);
  return {
    rules: rulesOfSite(said.interval_ms ?? undefined),
    caps: capsOfSite(said.max_projects ?? undefined),
    clouds: said.clouds === null ? undefined : new Set(said.clouds),
  };
}
