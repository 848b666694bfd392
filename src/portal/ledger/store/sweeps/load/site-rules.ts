import { prepared, type Queryable } from '../../../../database/sql.ts';
import type { AccountingRules } from '../../../accounting/meters/meter.ts';
import { capsOfSite, type SiteCaps } from '../../../accounting/sites/site-caps.ts';
import { rulesOfSite } from '../../../accounting/sites/site-rules.ts';

/** The rules and limits for the sweeps of a site, from the configuration of the portals. */
export interface SiteRules {
  siteId: number;
  rules: AccountingRules;
  caps: SiteCaps;
  /** The clouds that the configuration names; undefined if it names none. */
  clouds: ReadonlySet<string> | undefined;
}

interface SiteSettingsRecord {
  site_id: number;
  interval_ms: number | null;
  max_projects: number | null;
  clouds: string[] | null;
}

export async function loadSiteRules(database: Queryable, site: string): Promise<SiteRules> {
  const { rows } = await database.query<SiteSettingsRecord>(prepared`
    SELECT site_id, interval_ms, max_projects, clouds FROM ledger.site WHERE name = ${site}`);
  const [settings] = rows;
  if (settings === undefined)
    throw new Error(`the site ${JSON.stringify(site)} was not declared to the ledger`);
  return {
    siteId: settings.site_id,
    rules: rulesOfSite(settings.interval_ms ?? undefined),
    caps: capsOfSite(settings.max_projects ?? undefined),
    clouds: settings.clouds === null ? undefined : new Set(settings.clouds),
  };
}
