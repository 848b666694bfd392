import { sql, type Queryable } from '../../../database/sql.ts';
import type { CoveredCloud } from '../../accounting/sites/coverage.ts';
import { rulesOfSite } from '../../accounting/sites/site-rules.ts';
import type { UsageDimension, UsageQuery } from '../../ledger.ts';
import { grantedProjects } from './granted-projects.ts';
import { siteCondition } from '../database/site-condition.ts';

interface NamedCloud extends CoveredCloud {
  siteId: number;
  cloudId: number;
  site: string;
  cloud: string;
  progress: { firstMs: number; lastMs: number };
  /** The grants of the query that have a project in this cloud. */
  grants: readonly string[];
}

interface CloudRecord {
  site_id: number;
  cloud_id: number;
  site: string;
  cloud: string;
  expected: boolean;
  interval_ms: number | null;
  first_ms: string;
  last_ms: string;
  grants: string[];
}

/** The clouds that may have usage in the answer to the query. */
export async function loadCoveredClouds(
  database: Queryable,
  query: Pick<UsageQuery, 'site' | 'projectId' | 'grant' | 'grants'>,
): Promise<NamedCloud[]> {
  const { site, projectId, grant } = query;
  const ofSite = await siteCondition(database, site);
  const { rows } = await database.query<CloudRecord>(sql`
    WITH granted AS (${grantedProjects(query, ofSite)})
    SELECT c.site_id, c.cloud_id, s.name AS site, c.name AS cloud, s.declared AND NOT c.retired AS expected, s.interval_ms, c.first_ms, c.last_ms,
           ARRAY(SELECT DISTINCT g.name FROM granted g WHERE g.site_id = c.site_id AND g.cloud_id = c.cloud_id) AS grants
    FROM ledger.cloud c JOIN ledger.site s USING (site_id)
    WHERE ${ofSite(sql`c.site_id`)} AND ${
      projectId === undefined
        ? sql`true`
        : sql`EXISTS (SELECT FROM ledger.project p WHERE p.key = ${projectId} AND p.site_id = c.site_id AND p.cloud_id = c.cloud_id)`
    }`);
  const asked = grant === undefined ? rows : rows.filter(({ grants }) => grants.includes(grant));
  return asked.map(({ site_id: siteId, cloud_id: cloudId, interval_ms, first_ms, last_ms, ...row }) => ({
    ...row,
    siteId,
    cloudId,
    progress: { firstMs: Number(first_ms), lastMs: Number(last_ms) },
    rules: rulesOfSite(interval_ms ?? undefined),
  }));
}

/** The clouds among `clouds` that may have usage in one row of the answer. `by` has the dimensions of the answer's rows. */
export function coveredClouds(
  clouds: readonly NamedCloud[],
  row: { site: string; cloud: string; grant_name?: string },
  by: ReadonlySet<UsageDimension>,
): NamedCloud[] {
  const { grant_name: grant = '' } = row;
  if (by.has('project') || by.has('cloud'))
    return clouds.filter(({ site, cloud }) => site === row.site && cloud === row.cloud);
  const ofGrant = grant === '' ? clouds : clouds.filter(({ grants }) => grants.includes(grant));
  return by.has('site') ? ofGrant.filter(({ site }) => site === row.site) : [...ofGrant];
}
