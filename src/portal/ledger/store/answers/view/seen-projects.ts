import { numberArray } from '../../../../database/columns.ts';
import { sql, type Queryable, type Sql } from '../../../../database/sql.ts';
import { MS_PER_HOUR } from '../../../../../prometheus/usage-metrics.ts';
import { grouped, type GrantLink } from '../../../grant-links.ts';
import type { Project } from '../../../ledger.ts';
import { grantedProjects } from './granted-usage.ts';

/** A time in which a question sees a project of a site that it does not see as a whole. The project has readings in it. */
export interface SeenLink extends Project, GrantLink {
  cloud: string;
  siteId: number;
  cloudId: number;
  /** The project's id in the database. */
  projectKey: number;
}

interface LinkRecord {
  link: string;
  site_id: number;
  cloud_id: number;
  project_id: number;
  cloud: string;
  project_name: string;
  domain_id: string;
  domain_name: string;
  first_ms: string;
  last_ms: string;
}

/**
 * The links whose projects have readings in their time, each with its cloud. The readings that one sees end with the
 * time, and so does the history of names.
 */
export async function readLinks(
  database: Queryable,
  links: readonly GrantLink[],
  ofSite: (column: Sql) => Sql,
): Promise<SeenLink[]> {
  const { rows } = await database.query<LinkRecord>(sql`
    SELECT g.link, g.site_id, g.cloud_id, g.project_id, c.name AS cloud, coalesce(n.project_name, p.key) AS project_name,
           coalesce(n.domain_id, '') AS domain_id, coalesce(n.domain_name, '') AS domain_name,
           least(greatest(min(m.first_at_ms), ${msOf(sql`g.from_hour`)}), ${msOf(sql`g.to_hour`)}) AS first_ms, least(max(m.last_at_ms), ${msOf(sql`g.to_hour`)}) AS last_ms
    FROM (${grantedProjects(links, ofSite)}) g
    JOIN ledger.project p ON p.site_id = g.site_id AND p.project_id = g.project_id
    JOIN ledger.cloud c ON c.site_id = g.site_id AND c.cloud_id = g.cloud_id
    JOIN ledger.meter m ON m.site_id = g.site_id AND m.project_id = g.project_id AND ${isSeenIn(sql`g`)}
    LEFT JOIN ledger.project_name n ON n.site_id = g.site_id AND n.project_id = g.project_id
      AND n.from_ms < ${msOf(sql`g.to_hour`)} AND (n.to_ms IS NULL OR n.to_ms >= ${msOf(sql`g.to_hour`)})
    WHERE ${ofSite(sql`g.site_id`)}
    GROUP BY g.link, g.site_id, g.cloud_id, g.project_id, g.from_hour, g.to_hour, c.name, p.key, n.project_name, n.domain_id, n.domain_name
    ORDER BY g.link, c.name`);
  return rows.map((row) => ({
    ...(links[Number(row.link) - 1] as GrantLink),
    cloud: row.cloud,
    siteId: row.site_id,
    cloudId: row.cloud_id,
    projectKey: row.project_id,
    projectName: row.project_name,
    domainId: row.domain_id,
    domainName: row.domain_name,
    firstReadingMs: Number(row.first_ms),
    lastReadingMs: Number(row.last_ms),
  }));
}

export const msOf = (hour: Sql) => sql`(${hour} * ${MS_PER_HOUR}::bigint)`;

/**
 * Whether a meter `m` has readings in the hours of `window`, perhaps with a gap between them, or usage: the usage of a new
 * meter begins before its first reading (rule A5).
 */
export function isSeenIn(window: Sql): Sql {
  const [from, to] = [sql`${window}.from_hour`, sql`${window}.to_hour`];
  const ofMeter = sql`e.site_id = m.site_id AND e.meter_id = m.meter_id AND e.hour >= ${from}`;
  return sql`m.last_at_ms >= ${msOf(from)} AND (m.first_at_ms < ${msOf(to)}
        OR EXISTS (SELECT FROM ledger.hourly e WHERE ${ofMeter} AND e.hour < ${to})
        OR EXISTS (SELECT FROM ledger.daily e WHERE ${ofMeter} AND e.hour + 24 <= ${to}))`;
}

/** The project of each link once, from the first to the last time in which one sees it, under its name at the end of the last. */
export function projectsOf(links: readonly SeenLink[]): (Project & { siteId: number; projectKey: number })[] {
  const ofProjects = grouped(links, ({ siteId, projectKey }) => `${siteId} ${projectKey}`);
  return [...ofProjects.values()].map((its) => ({
    ...its.reduce((one, other) => (other.toHour > one.toHour ? other : one)),
    firstReadingMs: Math.min(...its.map(({ firstReadingMs }) => firstReadingMs)),
    lastReadingMs: Math.max(...its.map(({ lastReadingMs }) => lastReadingMs)),
  }));
}

/** The links as a table with the ids of their projects. */
export function linkTable(links: readonly SeenLink[]): Sql {
  return sql`
    SELECT * FROM unnest(
      ${numberArray(links.map(({ siteId }) => siteId))}::int[],
      ${numberArray(links.map(({ cloudId }) => cloudId))}::int[],
      ${numberArray(links.map(({ projectKey }) => projectKey))}::int[],
      ${numberArray(links.map(({ fromHour }) => fromHour))}::int[],
      ${numberArray(links.map(({ toHour }) => toHour))}::int[]
    ) AS w (site_id, cloud_id, project_id, from_hour, to_hour)`;
}
