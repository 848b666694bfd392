import { join, sql, type Queryable, type Sql } from '../../../database/sql.ts';
import { CursorError } from '../../question-errors.ts';
import type { UsageQuery } from '../../ledger.ts';
import { hourRange, type HourRange } from '../../steps.ts';
import { readCursor } from './cursor.ts';
import { namedProjects, projectsIn, projectTable, type ProjectRange } from './project-query.ts';
import { isOfProjects, meterSums, type MeterSums, type SummedPart } from './sums/meter-sums.ts';
import {
  compareKinds,
  listColumns,
  projectLists,
  sumsIn,
  type ProjectLists,
  type KindSum,
} from './sums/project-lists.ts';
import type { View } from './view/view.ts';

/** What usage in a step belongs to, apart from its kind. Dimensions that the query does not separate are ''. */
export interface UsagePlace {
  start_hour: number;
  /** '' also for usage that no grant covers. */
  grant_name: string;
  site: string;
  cloud: string;
  project_id: string;
  project_name: string;
  domain_id: string;
  domain_name: string;
}

/** The summed usage of one step. The records of a project in a step follow one another, and have the same object as place. */
export interface UsageRecord {
  place: UsagePlace;
  sum: KindSum;
}

type SortKeys = [number, string, string, string, string, string, string, string, string];

/** The sort keys of usage. A cursor consists of them. */
export function sortKeys({ place, sum }: UsageRecord): SortKeys {
  return [
    place.start_hour,
    place.grant_name,
    place.site,
    place.cloud,
    place.project_id,
    place.domain_id,
    sum.resource,
    sum.flavor,
    sum.state,
  ];
}

/**
 * Sums entries by step, resource and the query's dimensions, in order. Amounts of different resources are never added up.
 * Projects with the same id at two sites stay separate (rule A9), and so do clouds: only a grant adds up projects.
 */
export function usageSums(
  view: View<UsageQuery>,
  range: HourRange,
  { hours, known }: Omit<SummedPart, 'among'>,
  projects?: ProjectRange,
): Sql {
  const { query } = view;
  const remaining = { ...hours, fromHour: firstHour(query, hours) };
  const among = projects === undefined ? undefined : projectsIn(projects, view);
  const sums = meterSums(view, range, { hours: remaining, known, among });
  return query.by.has('project') ? sumsOfProjects(view, sums) : sumsOfPlaces(view, sums);
}

/** Runs `usageSums`, as they are or with more SQL around them, and returns the first records after the query's cursor. */
export async function loadRecords(
  trx: Queryable,
  query: UsageQuery,
  sums: Sql,
  most = Infinity,
): Promise<UsageRecord[]> {
  if (query.by.has('project'))
    return recordsOf((await trx.query<UsagePlace & ProjectLists>(sums)).rows, query, most);
  const { rows } = await trx.query<UsagePlace & KindSum>(sums);
  return rows.map((row) => ({ place: row, sum: row }));
}

function sumsOfProjects(view: View<UsageQuery>, sums: MeterSums): Sql {
  const { columns, tables } = namedProjects(view);
  return sql`
    WITH ${projectLists(view, sums)}
    SELECT lists.start_hour, lists.grant_name, s.name AS site, c.name AS cloud, p.key AS project_id, ${columns}, ${listColumns(view.query)}
    FROM lists JOIN (${tables}) ON p.site_id = lists.site_id AND p.project_id = lists.project_id
    WHERE ${view.ofSite(sql`p.site_id`)} AND ${notBeforeCursor(view.query)}
    ORDER BY lists.start_hour, lists.grant_name, s.name, c.name, p.key`;
}

/** The records of projects after the cursor, which may be between two of a project. A project may have many: a page needs few. */
function recordsOf(
  rows: readonly (UsagePlace & ProjectLists)[],
  { by, cursor }: UsageQuery,
  most: number,
): UsageRecord[] {
  const isAfter = afterKeys(cursor);
  const records: UsageRecord[] = [];
  for (const place of rows) {
    if (records.length >= most) break;
    if (!by.has('domain')) place.domain_id = '';
    for (const sum of sumsIn(place)) if (isAfter(place, sum)) records.push({ place, sum });
  }
  return records;
}

/** Whether a record of a project that is not before the cursor is after it. */
function afterKeys(cursor: string | undefined) {
  if (cursor === undefined) return () => true;
  const [hour, grant, site, cloud, projectId, , resource, flavor, state] = cursorKeys(cursor);
  const last = { resource, flavor, state };
  return (place: UsagePlace, sum: KindSum) =>
    place.start_hour !== hour ||
    place.grant_name !== grant ||
    place.site !== site ||
    place.cloud !== cloud ||
    place.project_id !== projectId ||
    compareKinds(sum, last) > 0;
}

function sumsOfPlaces(view: View<UsageQuery>, { tables, isDivided }: MeterSums): Sql {
  const { query } = view;
  return sql`
    WITH ${tables}, named AS (${namesOf(view)}
    )
    SELECT start_hour, grant_name, site, cloud, '' AS project_id, '' AS project_name, domain_id, ${latestDomainName(query)} AS domain_name,
           resource, flavor, state, sum(amount) AS amount, sum(spread) AS spread
    FROM named
    WHERE ${afterCursor(query)}
    GROUP BY start_hour, grant_name, site, cloud, domain_id, resource, flavor, state
    ${isDivided ? sql`HAVING sum(amount) <> 0 OR sum(spread) <> 0` : sql``}
    ORDER BY start_hour, grant_name, site, cloud, domain_id, resource, flavor, state`;
}

/** The sums with the names of their sites, clouds, domains, projects and resources, where the answer separates them. */
function namesOf({ query, ofSite, links }: View<UsageQuery>): Sql {
  const { by, scope } = query;
  const ofProjects = isOfProjects(query);
  const byCloud = ofProjects || by.has('cloud');
  const none = sql`'' COLLATE "C"`;
  const bySeenDomain = by.has('domain') && scope.everything !== true;
  return sql`
      SELECT sums.start_hour, sums.grant_name, ${byCloud || by.has('site') ? sql`s.name` : none} AS site, r.name AS resource,
             ${by.has('flavor') ? sql`coalesce(f.label, '')` : sql`''`} COLLATE "C" AS flavor,
             ${by.has('state') ? sql`r.state` : none} AS state, ${byCloud ? sql`c.name` : none} AS cloud,
             ${by.has('domain') ? domainColumns(bySeenDomain) : sql`${none} AS domain_id`}, sums.amount, sums.spread
      FROM sums JOIN ledger.site s USING (site_id) JOIN ledger.resource r USING (site_id, resource_id)
      ${by.has('flavor') ? sql`LEFT JOIN ledger.flavor f USING (site_id, flavor_id)` : sql``}
      ${ofProjects ? projectJoins : sql``}
      ${bySeenDomain ? sql`LEFT JOIN (${projectTable(links)}) g ON g.site_id = sums.site_id AND g.project_id = sums.place_id` : sql``}
      ${byCloud ? sql`JOIN ledger.cloud c ON c.site_id = sums.site_id AND c.cloud_id = ${ofProjects ? sql`p.cloud_id` : sql`sums.place_id`}` : sql``}
      WHERE ${ofSite(sql`sums.site_id`)}`;
}

/** The domain of a project, and when it had this name. Of projects `g` that are seen in grants only: while they are seen. */
function domainColumns(isSeenInGrants: boolean): Sql {
  const [id, name, since] = isSeenInGrants
    ? [
        sql`coalesce(g.domain_id, n.domain_id)`,
        sql`coalesce(g.domain_name, n.domain_name)`,
        sql`coalesce(g.last_ms, n.from_ms)`,
      ]
    : [sql`n.domain_id`, sql`n.domain_name`, sql`n.from_ms`];
  return sql`${id} COLLATE "C" AS domain_id, ${name} AS domain_name, ${since} AS named_ms`;
}

/** Projects that were gone before their domain got another name still have the earlier one. */
function latestDomainName({ by }: UsageQuery): Sql {
  return by.has('domain')
    ? sql`(array_agg(domain_name ORDER BY named_ms DESC, domain_name COLLATE "C"))[1]`
    : sql`''`;
}

const projectJoins = sql`
  JOIN ledger.project p ON p.site_id = sums.site_id AND p.project_id = sums.place_id
  JOIN ledger.project_name n ON n.site_id = sums.site_id AND n.project_id = sums.place_id AND n.to_ms IS NULL`;

/** The first hour of the range that can be in the answer. */
export function firstHour({ cursor }: UsageQuery, { fromHour }: HourRange): number {
  return cursor === undefined ? fromHour : Math.max(fromHour, cursorKeys(cursor)[0]);
}

export function cursorKeys(cursor: string) {
  return readCursor(cursor, [0, '', '', '', '', '', '', '', ''] as SortKeys);
}

function afterCursor({ cursor }: UsageQuery): Sql {
  if (cursor === undefined) return sql`true`;
  const [hour, grant, site, cloud, , ...names] = cursorKeys(cursor);
  return sql`(start_hour, grant_name, site, cloud, domain_id, resource, flavor, state) > (${hour}::int, ${join([grant, site, cloud, ...names])})`;
}

function notBeforeCursor({ cursor }: UsageQuery): Sql {
  if (cursor === undefined) return sql`true`;
  const [hour, ...names] = cursorKeys(cursor).slice(0, 5);
  return sql`(lists.start_hour, lists.grant_name, s.name, c.name, p.key) >= (${hour}::int, ${join(names)})`;
}

/** The hours of a query's range from its cursor on. Throws `CursorError`. */
export function remainingHours(query: UsageQuery): HourRange {
  const range = hourRange(query);
  const { fromHour, toHour } = range;
  const reached = query.cursor === undefined ? fromHour : cursorKeys(query.cursor)[0];
  if (reached < fromHour || reached >= toHour) throw new CursorError();
  return { fromHour: reached, toHour };
}
