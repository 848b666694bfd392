import { join, sql, type Queryable, type Sql } from '../../../database/sql.ts';
import type { Page, ProjectQuery, Project } from '../../ledger.ts';
import { readCursor, writeCursor } from './cursor.ts';
import { numberArray } from '../../../database/columns.ts';
import { projectsOf, type SeenLink } from './view/seen-projects.ts';
import { seesProject, viewOf, type View } from './view/view.ts';

interface ProjectRecord {
  site: string;
  cloud: string;
  project_id: string;
  project_name: string;
  domain_id: string;
  domain_name: string;
  first_ms: string;
  last_ms: string;
}

/** Projects in the order of site, cloud and id, under the latest names that one sees. */
export async function queryProjects(database: Queryable, query: ProjectQuery): Promise<Page<Project>> {
  const view = await viewOf(database, query);
  const { ofSite } = view;
  const own = ownReadings(view);
  const { rows } = await database.query<ProjectRecord>(sql`
    SELECT w.site, w.cloud, w.key AS project_id, w.project_name, w.domain_id, w.domain_name,
           ${own.firstMs} AS first_ms, ${own.lastMs} AS last_ms
    FROM (
      SELECT p.site_id, p.project_id, s.name AS site, c.name AS cloud, p.key, ${own.columns}
      FROM ledger.project p
      JOIN ledger.site s USING (site_id)
      JOIN ledger.cloud c USING (site_id, cloud_id)
      JOIN ledger.project_name n ON n.site_id = p.site_id AND n.project_id = p.project_id AND n.to_ms IS NULL
      ${own.join}
      WHERE ${and(conditions(query, own.name))} AND ${seesProject(view)}
      ORDER BY s.name, c.name, p.key LIMIT ${query.limit + 1}
    ) w
    JOIN ledger.meter m USING (site_id, project_id)
    WHERE ${ofSite(sql`m.site_id`)}
    GROUP BY w.site, w.cloud, w.key, w.project_name, w.domain_id, w.domain_name ${own.groups}
    ORDER BY w.site, w.cloud, w.key`);
  return page(rows, query.limit);
}

/** Names and times of readings: the latest ones, or what one sees of a project through grants. */
function ownReadings({ query, links }: View) {
  const [firstMs, lastMs] = [sql`min(m.first_at_ms)`, sql`max(m.last_at_ms)`];
  const names = sql`n.project_name, n.domain_id, n.domain_name`;
  if (query.scope.everything === true)
    return { columns: names, name: sql`n.project_name`, firstMs, lastMs, join: sql``, groups: sql`` };
  const name = sql`coalesce(g.project_name, n.project_name)`;
  return {
    columns: sql`${name} AS project_name, coalesce(g.domain_id, n.domain_id) AS domain_id, coalesce(g.domain_name, n.domain_name) AS domain_name,
             g.first_ms, g.last_ms`,
    name,
    firstMs: sql`coalesce(w.first_ms, ${firstMs})`,
    lastMs: sql`coalesce(w.last_ms, ${lastMs})`,
    join: sql`LEFT JOIN (${projectTable(links)}) g ON g.site_id = p.site_id AND g.project_id = p.project_id`,
    groups: sql`, w.first_ms, w.last_ms`,
  };
}

function projectTable(links: readonly SeenLink[]): Sql {
  const projects = projectsOf(links);
  return sql`
        SELECT * FROM unnest(
          ${numberArray(projects.map(({ siteId }) => siteId))}::int[],
          ${numberArray(projects.map(({ projectKey }) => projectKey))}::int[],
          ${projects.map(({ projectName }) => projectName)}::text[],
          ${projects.map(({ domainId }) => domainId)}::text[],
          ${projects.map(({ domainName }) => domainName)}::text[],
          ${numberArray(projects.map(({ firstReadingMs }) => firstReadingMs))}::bigint[],
          ${numberArray(projects.map(({ lastReadingMs }) => lastReadingMs))}::bigint[]
        ) AS w (site_id, project_id, project_name, domain_id, domain_name, first_ms, last_ms)`;
}

function conditions({ search, cursor }: ProjectQuery, name: Sql) {
  const list = [sql`true`];
  if (search !== undefined && search !== '') list.push(matches(search, name));
  if (cursor !== undefined) {
    const [afterSite, afterCloud, afterKey] = readCursor(cursor, ['', '', ''] as const);
    list.push(sql`(s.name, c.name, p.key) > (${afterSite}, ${afterCloud}, ${afterKey})`);
  }
  return list;
}

/** Compares in lower case by the rules of Unicode, independent of the database's locale. */
function matches(search: string, name: Sql) {
  const part = sql`lower(${search}::text COLLATE "und-x-icu")`;
  return sql`(strpos(lower(${name} COLLATE "und-x-icu"), ${part}) > 0
    OR strpos(lower(p.key COLLATE "und-x-icu"), ${part}) > 0)`;
}

function and(list: ReturnType<typeof conditions>) {
  return join(list, ' AND ');
}

function page(rows: readonly ProjectRecord[], limit: number): Page<Project> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const more = rows.length > limit && last !== undefined;
  return {
    data: shown.map(projectOf),
    next: more ? writeCursor([last.site, last.cloud, last.project_id]) : null,
  };
}

function projectOf(record: ProjectRecord): Project {
  return {
    site: record.site,
    cloud: record.cloud,
    projectId: record.project_id,
    projectName: record.project_name,
    domainId: record.domain_id,
    domainName: record.domain_name,
    firstReadingMs: Number(record.first_ms),
    lastReadingMs: Number(record.last_ms),
  };
}

/** A project's place in the order of site, cloud and id. */
export type ProjectPlace = readonly [site: string, cloud: string, projectId: string];

/** Projects one after the other. Undefined means from the first one, or to the last one. */
export interface ProjectRange {
  from: ProjectPlace | undefined;
  /** Exclusive. */
  until: ProjectPlace | undefined;
}

const placedProjects = sql`
  ledger.project p JOIN ledger.site s USING (site_id) JOIN ledger.cloud c USING (site_id, cloud_id)`;

/** The ids of the projects in a range. */
export function projectsIn({ from, until }: ProjectRange, view: View): Sql {
  const bounds = [seesProject(view)];
  if (from !== undefined) bounds.push(sql`(s.name, c.name, p.key) >= (${join(from)})`);
  if (until !== undefined) bounds.push(sql`(s.name, c.name, p.key) < (${join(until)})`);
  return sql`SELECT p.site_id, p.project_id FROM ${placedProjects} WHERE ${join(bounds, ' AND ')}`;
}

/** The place of the project that is `count` places after `from`; undefined if there are no more. */
export async function projectAfter(
  database: Queryable,
  view: View,
  from: ProjectPlace | undefined,
  count: number,
): Promise<ProjectPlace | undefined> {
  const { rows } = await database.query<{ site: string; cloud: string; key: string }>(sql`
    SELECT s.name AS site, c.name AS cloud, p.key FROM ${placedProjects}
    WHERE ${seesProject(view)} AND ${from === undefined ? sql`true` : sql`(s.name, c.name, p.key) >= (${join(from)})`}
    ORDER BY s.name, c.name, p.key OFFSET ${count} LIMIT 1`);
  const [next] = rows;
  return next === undefined ? undefined : [next.site, next.cloud, next.key];
}
