import { sql, type Queryable, type Sql } from '../../../database/sql.ts';
import { MS_PER_HOUR } from '../../../../prometheus/usage-metrics.ts';
import type { UsageQuery } from '../../ledger.ts';
import type { LedgerCounts } from '../../question-cost.ts';
import { grantLinks, splitLinks } from '../../grant-links.ts';
import { hourRange } from '../../steps.ts';
import { grantedProjects } from './granted-usage.ts';
import { siteCondition } from '../database/site-condition.ts';

interface CountsRecord {
  sites: string;
  clouds: string;
  projects: string;
  meters: string;
  resources: string;
  kinds: string;
  partial_projects: string;
  first_ms: string | null;
  last_ms: string | null;
}

/**
 * Counts sites, projects and meters for a question, from counters of the sites: the time does not grow with their
 * usage.
 */
export async function countLedger(database: Queryable, query: UsageQuery): Promise<LedgerCounts> {
  const { resource } = query;
  const ofSite = await siteCondition(database, query.site);
  const atSite = ofSite(sql`site_id`);
  const range = hourRange(query);
  const links = grantLinks(query, range);
  const { partial } = splitLinks(links, range);
  const named = resource === undefined ? sql`true` : sql`name = ${resource}`;
  const { rows } = await database.query<CountsRecord>(sql`
    WITH asked AS (SELECT site_id FROM ledger.site WHERE ${atSite}),
    granted AS (${grantedProjects(links, ofSite)})
    SELECT (SELECT count(*) FROM asked) AS sites, c.clouds, ${projects(query, atSite)} AS projects,
           (SELECT coalesce(sum(meters), 0) FROM ledger.site_state JOIN asked USING (site_id) WHERE ${atSite}) AS meters,
           ${resource === undefined ? sql`(SELECT count(DISTINCT name) FROM ledger.resource JOIN asked USING (site_id) WHERE ${atSite})` : sql`1`} AS resources,
           (SELECT coalesce(max(n), 0) FROM (
             SELECT count(*) AS n FROM ledger.resource JOIN asked USING (site_id) WHERE ${named} AND ${atSite} GROUP BY site_id
           ) ofsite) AS kinds,
           (SELECT count(*) FROM (${grantedProjects(partial, ofSite)}) g) AS partial_projects, c.first_ms, c.last_ms
    FROM (SELECT count(*) AS clouds, min(first_ms) AS first_ms, max(last_ms) AS last_ms
          FROM ledger.cloud JOIN asked USING (site_id) WHERE ${atSite}) c`);
  return countsOf(rows[0] as CountsRecord);
}

function projects({ grant, projectId }: UsageQuery, atSite: Sql) {
  if (projectId !== undefined)
    return sql`(SELECT count(*) FROM ledger.project JOIN asked USING (site_id) WHERE key = ${projectId} AND ${atSite})`;
  if (grant !== undefined) return sql`(SELECT count(*) FROM granted JOIN asked USING (site_id))`;
  return sql`(SELECT coalesce(sum(projects), 0) FROM ledger.site_state JOIN asked USING (site_id) WHERE ${atSite})`;
}

function countsOf({ first_ms, last_ms, ...counts }: CountsRecord): LedgerCounts {
  const { sites, clouds, projects: ofProjects, meters, resources, kinds, partial_projects } = counts;
  return {
    sites: Number(sites),
    clouds: Number(clouds),
    projects: Number(ofProjects),
    meters: Number(meters),
    resources: Number(resources),
    kinds: Number(kinds),
    partialProjects: Number(partial_projects),
    hours:
      first_ms === null || last_ms === null
        ? undefined
        : {
            fromHour: Math.floor(Number(first_ms) / MS_PER_HOUR),
            toHour: Math.floor(Number(last_ms) / MS_PER_HOUR) + 1,
          },
  };
}
