import { join, sql, type Queryable, type Sql } from '../../../database/sql.ts';
import type { Grant, Page, ProjectQuery, Project } from '../../ledger.ts';
import { fits } from '../../names.ts';
import { readCursor, writeCursor } from './cursor.ts';
import { numberArray } from '../../../database/columns.ts';
import { loadNameHistories } from './view/name-history.ts';
import { projectsOf, type SeenLink } from './view/seen-projects.ts';
import { seesProject, viewOf, type View } from './view/view.ts';

/** A project under a name. `key` is its own id. */
export interface NamedProject {
  site: string;
  cloud: string;
  key: string;
  project_name: string;
  domain_id: string;
  domain_name: string;
}

interface ProjectRecord extends NamedProject {
  site_id: number;
  /** The project's id in the database. */
  project_id: number;
  first_ms: string;
  last_ms: string;
}

/** Projects in the order of site, cloud and id, under the latest names that one sees. */
export async function queryProjects(database: Queryable, query: ProjectQuery): Promise<Page<Project>> {
  const view = await viewOf(database, query);
  const { ofSite } = view;
  const own = namedProjects(view);
  const { rows } = await database.query<ProjectRecord>(sql`
    SELECT w.site_id, w.project_id, w.site, w.cloud, w.key, w.project_name, w.domain_id, w.domain_name,
           ${own.firstMs} AS first_ms, ${own.lastMs} AS last_ms
    FROM (
      SELECT p.site_id, p.project_id, s.name AS site, c.name AS cloud, p.key, ${own.columns}${own.times}
      FROM ${own.tables}
      WHERE ${and(conditions(view, own.name))} AND ${seesProject(view)}
      ORDER BY s.name, c.name, p.key LIMIT ${query.limit + 1}
    ) w
    JOIN ledger.meter m USING (site_id, project_id)
    WHERE ${ofSite(sql`m.site_id`)}
    GROUP BY w.site_id, w.project_id, w.site, w.cloud, w.key, w.project_name, w.domain_id, w.domain_name ${own.groups}
    ORDER BY w.site, w.cloud, w.key`);
  const shown = rows.slice(0, query.limit);
  const last = shown.at(-1);
  const namesOf = query.history === true ? await loadNameHistories(database, view, shown) : undefined;
  return {
    data: shown.map((row) => ({ ...projectOf(row), ...(namesOf && { names: namesOf(row) }) })),
    next:
      rows.length > query.limit && last !== undefined ? writeCursor([last.site, last.cloud, last.key]) : null,
  };
}

/** Projects under the latest names that one sees, and the times of the readings that one sees of their meters `m`. */
export function namedProjects({ query, links }: Pick<View, 'query' | 'links'>) {
  const [firstMs, lastMs] = [sql`min(m.first_at_ms)`, sql`max(m.last_at_ms)`];
  const tables = sql`
        ledger.project p JOIN ledger.site s USING (site_id) JOIN ledger.cloud c USING (site_id, cloud_id)
        JOIN ledger.project_name n ON n.site_id = p.site_id AND n.project_id = p.project_id AND n.to_ms IS NULL`;
  if (query.scope.everything === true) {
    const columns = sql`n.project_name, n.domain_id, n.domain_name`;
    return { tables, columns, name: sql`n.project_name`, times: sql``, firstMs, lastMs, groups: sql`` };
  }
  const name = sql`coalesce(g.project_name, n.project_name)`;
  return {
    tables: sql`${tables} LEFT JOIN (${projectTable(links)}) g ON g.site_id = p.site_id AND g.project_id = p.project_id`,
    columns: sql`${name} AS project_name, coalesce(g.domain_id, n.domain_id) AS domain_id, coalesce(g.domain_name, n.domain_name) AS domain_name`,
    name,
    times: sql`, g.first_ms, g.last_ms`,
    firstMs: sql`coalesce(w.first_ms, ${firstMs})`,
    lastMs: sql`coalesce(w.last_ms, ${lastMs})`,
    groups: sql`, w.first_ms, w.last_ms`,
  };
}

/** The projects that are seen in grants only, with their names and readings at that time. */
export function projectTable(links: readonly SeenLink[]): Sql {
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

function conditions({ query, whole }: View<ProjectQuery>, name: Sql) {
  const { search, cursor, renamed, grant, grants = [] } = query;
  const list = [sql`true`];
  if (grant !== undefined) list.push(isInOne(grants.filter((one) => fits(grant, one.name))));
  if (renamed === true) list.push(hadOtherNames(whole));
  if (search !== undefined && search !== '') list.push(matches(search, name));
  if (cursor !== undefined) {
    const [afterSite, afterCloud, afterKey] = readCursor(cursor, ['', '', ''] as const);
    list.push(sql`(s.name, c.name, p.key) > (${afterSite}, ${afterCloud}, ${afterKey})`);
  }
  return list;
}

/** Somebody who sees a project in grants only does not learn of names at other times. */
function hadOtherNames(whole: View['whole']): Sql {
  return sql`(${whole(sql`p.site_id`)} AND EXISTS (
    SELECT FROM ledger.project_name e
    WHERE e.site_id = p.site_id AND e.project_id = p.project_id AND e.to_ms IS NOT NULL))`;
}

function isInOne(grants: readonly Grant[]): Sql {
  const projects = grants.flatMap((one) => one.projects);
  return sql`EXISTS (
    SELECT FROM unnest(
      ${projects.map(({ site }) => site)}::text[],
      ${projects.map(({ cloud }) => cloud ?? null)}::text[],
      ${projects.map(({ projectId }) => projectId)}::text[]
    ) AS w (site, cloud, key) WHERE w.site = s.name AND w.key = p.key AND (w.cloud IS NULL OR w.cloud = c.name))`;
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

function projectOf(record: ProjectRecord): Project {
  return {
    site: record.site,
    cloud: record.cloud,
    projectId: record.key,
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
