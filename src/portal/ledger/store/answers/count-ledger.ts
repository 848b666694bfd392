import { sql, type Queryable, type Sql } from '../../../database/sql.ts';
import { MS_PER_HOUR } from '../../../../prometheus/usage-metrics.ts';
import type { UsageQuery } from '../../ledger.ts';
import type { LedgerCounts } from '../../question-cost.ts';
import { listOf } from '../../names.ts';
import { grantLinks, seenLinks, splitLinks } from '../../grant-links.ts';
import { hourRange, type HourRange } from '../../steps.ts';
import { grantedProjects } from './view/granted-usage.ts';
import { isSeenIn, msOf } from './view/seen-projects.ts';
import type { View } from './view/view.ts';

interface CountsRecord {
  sites: string;
  clouds: string;
  projects: string;
  domains: string;
  meters: string;
  resources: string;
  kinds: string;
  partial_projects: string;
  seen_projects: string;
  first_ms: string | null;
  last_ms: string | null;
}

/** Counts sites, projects and meters that a question sees. The time does not grow with their usage. */
export async function countLedger(database: Queryable, view: View<UsageQuery>): Promise<LedgerCounts> {
  const ofSites = await countSites(database, view);
  if (view.query.scope.everything === true) return ofSites;
  const { hours, ...ofLinks } = await countLinks(database, view);
  const sum = (key: keyof typeof ofLinks) => ofSites[key] + ofLinks[key];
  return {
    sites: sum('sites'),
    clouds: sum('clouds'),
    projects: sum('projects'),
    domains: sum('domains'),
    meters: sum('meters'),
    resources: view.query.resource === undefined ? sum('resources') : listOf(view.query.resource).length,
    kinds: Math.max(ofSites.kinds, ofLinks.kinds),
    partialProjects: ofSites.partialProjects,
    seenProjects: ofLinks.seenProjects,
    hours: joined(ofSites.hours, hours),
  };
}

/** Counts whole sites, from their counters. */
async function countSites(
  database: Queryable,
  { query, whole: ofSite }: View<UsageQuery>,
): Promise<LedgerCounts> {
  const { resource } = query;
  const atSite = ofSite(sql`site_id`);
  const range = hourRange(query);
  const links = grantLinks(query, range);
  const { partial } = splitLinks(links, range);
  const named = resource === undefined ? sql`true` : sql`name = ANY (${listOf(resource)}::text[])`;
  const { rows } = await database.query<CountsRecord>(sql`
    WITH asked AS (SELECT site_id FROM ledger.site WHERE ${atSite}),
    granted AS (${grantedProjects(links, ofSite)})
    SELECT (SELECT count(*) FROM asked) AS sites, c.clouds, ${projects(query, atSite)} AS projects, ${domains(query, atSite)} AS domains,
           (SELECT coalesce(sum(meters), 0) FROM ledger.site_state JOIN asked USING (site_id) WHERE ${atSite}) AS meters,
           ${resource === undefined ? sql`(SELECT count(DISTINCT name) FROM ledger.resource JOIN asked USING (site_id) WHERE ${atSite})` : sql`${listOf(resource).length}::int`} AS resources,
           (SELECT coalesce(max(n), 0) FROM (
             SELECT count(*) AS n FROM ledger.resource JOIN asked USING (site_id) WHERE ${named} AND ${atSite} GROUP BY site_id
           ) ofsite) AS kinds,
           (SELECT count(*) FROM (${grantedProjects(partial, ofSite)}) g) AS partial_projects, 0 AS seen_projects, c.first_ms, c.last_ms
    FROM (SELECT count(*) AS clouds, min(first_ms) AS first_ms, max(last_ms) AS last_ms
          FROM ledger.cloud JOIN asked USING (site_id) WHERE ${atSite}) c`);
  return countsOf(rows[0] as CountsRecord);
}

function projects({ grant, projectId }: UsageQuery, atSite: Sql) {
  if (projectId !== undefined)
    return sql`(SELECT count(*) FROM ledger.project JOIN asked USING (site_id) WHERE key = ANY (${listOf(projectId)}::text[]) AND ${atSite})`;
  if (grant !== undefined) return sql`(SELECT count(*) FROM granted JOIN asked USING (site_id))`;
  return sql`(SELECT coalesce(sum(projects), 0) FROM ledger.site_state JOIN asked USING (site_id) WHERE ${atSite})`;
}

function domains({ by }: UsageQuery, atSite: Sql) {
  if (!by.has('domain')) return sql`0`;
  return sql`(SELECT count(DISTINCT (site_id, cloud_id, domain_id)) FROM ledger.project_name JOIN ledger.project USING (site_id, project_id)
            JOIN asked USING (site_id) WHERE to_ms IS NULL AND ${atSite})`;
}

/** Counts what is seen of other sites: projects and meters once for each grant that the answer names, and their readings. */
async function countLinks(
  database: Queryable,
  { query, whole, ofSite }: View<UsageQuery>,
): Promise<LedgerCounts> {
  const { resource } = query;
  const links = seenLinks(query, hourRange(query));
  const named = resource === undefined ? sql`true` : sql`r.name = ANY (${listOf(resource)}::text[])`;
  const { rows } = await database.query<CountsRecord>(sql`
    WITH seen AS MATERIALIZED (${grantedProjects(links, ofSite)}), meters AS MATERIALIZED (
      SELECT DISTINCT g.name AS grant_name, g.site_id, m.meter_id, m.resource_id, r.name
      FROM seen g JOIN ledger.meter m USING (site_id, project_id) JOIN ledger.resource r USING (site_id, resource_id)
      WHERE ${isSeenIn(sql`g`)} AND ${named} AND ${ofSite(sql`m.site_id`)}
    ), clouds AS MATERIALIZED (
      SELECT c.site_id, c.cloud_id, greatest(c.first_ms, ${msOf(sql`g.from_hour`)}) AS first_ms, least(c.last_ms, ${msOf(sql`g.to_hour`)} - 1) AS last_ms
      FROM seen g JOIN ledger.cloud c USING (site_id, cloud_id) WHERE ${ofSite(sql`c.site_id`)}
    )
    SELECT (SELECT count(DISTINCT site_id) FROM seen) AS sites, c.clouds,
           w.projects, w.projects AS domains,
           (SELECT count(*) FROM meters) AS meters,
           (SELECT count(DISTINCT name) FROM meters WHERE name NOT IN (SELECT name FROM ledger.resource WHERE ${whole(sql`site_id`)})) AS resources,
           (SELECT coalesce(max(n), 0) FROM (SELECT count(DISTINCT resource_id) AS n FROM meters GROUP BY site_id) w) AS kinds,
           0 AS partial_projects, (SELECT count(*) FROM seen) AS seen_projects, c.first_ms, c.last_ms
    FROM (SELECT count(DISTINCT (site_id, cloud_id)) AS clouds, min(first_ms) FILTER (WHERE first_ms <= last_ms) AS first_ms,
                 max(last_ms) FILTER (WHERE first_ms <= last_ms) AS last_ms FROM clouds) c,
         (SELECT count(DISTINCT (name, site_id, project_id)) AS projects FROM seen) w`);
  return countsOf(rows[0] as CountsRecord);
}

function joined(one: HourRange | undefined, other: HourRange | undefined): HourRange | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return {
    fromHour: Math.min(one.fromHour, other.fromHour),
    toHour: Math.max(one.toHour, other.toHour),
  };
}

function countsOf({ first_ms, last_ms, ...counts }: CountsRecord): LedgerCounts {
  const {
    sites,
    clouds,
    projects: ofProjects,
    domains: ofDomains,
    meters,
    resources,
    kinds,
    partial_projects,
    seen_projects,
  } = counts;
  return {
    sites: Number(sites),
    clouds: Number(clouds),
    projects: Number(ofProjects),
    domains: Number(ofDomains),
    meters: Number(meters),
    resources: Number(resources),
    kinds: Number(kinds),
    partialProjects: Number(partial_projects),
    seenProjects: Number(seen_projects),
    hours:
      first_ms === null || last_ms === null
        ? undefined
        : {
            fromHour: Math.floor(Number(first_ms) / MS_PER_HOUR),
            toHour: Math.floor(Number(last_ms) / MS_PER_HOUR) + 1,
          },
  };
}
