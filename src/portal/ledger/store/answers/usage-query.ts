import { join, sql, type Queryable, type Sql } from '../../../database/sql.ts';
import { CursorError } from '../../question-errors.ts';
import type { UsageQuery, UsageStep } from '../../ledger.ts';
import { numberArray } from '../../../database/columns.ts';
import { grantLinks, seenLinks, splitLinks } from '../../grant-links.ts';
import { hourRange, monthStarts, type HourRange } from '../../steps.ts';
import { readCursor } from './cursor.ts';
import { projectsIn, type ProjectRange } from './project-query.ts';
import { grantedProjects } from './view/granted-usage.ts';
import type { SiteCondition, View } from './view/view.ts';
import { usageOfRange, usageOfWindows, type CloudDays } from './window-sums.ts';

/** The summed usage of one step. Dimensions that the query does not separate are ''. */
export interface UsageRecord {
  start_hour: number;
  /** '' also for usage that no grant covers. */
  grant_name: string;
  site: string;
  cloud: string;
  project_id: string;
  project_name: string;
  resource: string;
  flavor: string;
  state: string;
  /** Amount × milliseconds, of any size. */
  amount: string;
  spread: string;
}

/** The sort keys of usage. A cursor consists of them. */
export function sortKeys(row: UsageRecord): [number, string, string, string, string, string, string, string] {
  return [
    row.start_hour,
    row.grant_name,
    row.site,
    row.cloud,
    row.project_id,
    row.resource,
    row.flavor,
    row.state,
  ];
}

/**
 * Sets the planner's options for the rest of the transaction. They are SET commands, which Citus passes on to its nodes if
 * the first one says so; another database does not know the first one, and keeps its value without any effect.
 */
export async function setPlanning(trx: Queryable, query: UsageQuery): Promise<void> {
  if (hasFewMeters(query) && hasFewProjects(query)) return;
  await trx.query(sql`SET LOCAL citus.propagate_set_commands = 'local'`);
  for (const statement of FOR_MANY_METERS) await trx.query(statement);
}

/**
 * Sums entries by step, resource and the query's dimensions, in order. Amounts of different resources are never added up.
 * Projects with the same id at two sites stay separate (rule A9), and so do clouds: only a grant adds up projects. `part` is
 * the part of the range to sum, in whole steps, and `projects` is the part of the projects.
 */
export function usageSums(
  view: View<UsageQuery>,
  range: HourRange,
  part = range,
  projects?: ProjectRange,
): Sql {
  const { query, whole: atWholeSite, ofSite } = view;
  const remaining = { ...part, fromHour: firstHour(query, part) };
  const links = grantLinks(query, remaining);
  const byClouds = addsUpProjects(query);
  const { whole, partial } = byClouds ? { whole: [], partial: links } : splitLinks(links, remaining);
  const seen = seenLinks(query, remaining);
  const parts = [...partial, ...seen];
  const ofParts = parts.length > 0;
  const isInRange =
    projects === undefined ? sql`` : sql`JOIN (${projectsIn(projects, view)}) w USING (site_id, project_id)`;
  const sumsOf = (rows: Sql) => sql`
      SELECT e.grant_name, e.site_id, e.resource_id, e.place_id, ${startOf[query.step](range)} AS start_hour, sum(e.amount) AS amount, sum(e.spread) AS spread
      FROM (${rows}) e
      GROUP BY 1, 2, 3, 4, 5
      HAVING sum(e.amount) <> 0 OR sum(e.spread) <> 0`;
  const windowsOf = (table: Sql, atSite: SiteCondition) => ({
    table,
    columns: sql`m.grant_name, m.site_id, m.resource_id, m.place_id`,
    where: entryCondition(query, table, atSite),
    range: remaining,
  });
  const gained = () => sql`
    partial AS MATERIALIZED (${metersOf(query, ofSite, sql`(${grantedProjects(parts, ofSite)}) g JOIN ledger.meter m USING (site_id, project_id) ${isInRange}`, sql`, g.from_hour, g.to_hour`)}
    ), gained AS MATERIALIZED (${sumsOf(usageOfWindows(query.step, { ...windowsOf(sql`partial`, ofSite), fromHour: sql`m.from_hour`, toHour: sql`m.to_hour` }))}
    ),`;
  const ofClouds = byClouds ? cloudDaysOf(query, atWholeSite) : undefined;
  return sql`
    WITH granted AS (${grantedProjects(whole, atWholeSite)}), asked AS NOT MATERIALIZED (${metersOf(query, atWholeSite, sql`ledger.meter m ${byClouds ? sql`` : grantJoin(query)} ${isInRange}`)}
    ),
    ${ofParts ? gained() : sql``}
    sums AS (${sumsOf(usageOfRange(query.step, windowsOf(sql`asked`, atWholeSite), ofClouds))}
      ${ofParts ? sql`UNION ALL SELECT * FROM gained` : sql``}
      ${partial.length > 0 && query.grant === undefined ? sql`UNION ALL SELECT '' COLLATE "C", site_id, resource_id, place_id, start_hour, -amount, -spread FROM gained ${seen.length > 0 ? sql`WHERE ${atWholeSite(sql`site_id`)}` : sql``}` : sql``}
    ), named AS (${namesOf(query, ofSite)}
    )
    SELECT start_hour, grant_name, site, cloud, project_id, project_name, resource, flavor, state,
           sum(amount) AS amount, sum(spread) AS spread
    FROM named
    WHERE ${afterCursor(query)}
    GROUP BY start_hour, grant_name, site, cloud, project_id, project_name, resource, flavor, state
    ${ofParts ? sql`HAVING sum(amount) <> 0 OR sum(spread) <> 0` : sql``}
    ORDER BY start_hour, grant_name, site, cloud, project_id, resource, flavor, state`;
}

/** Whether the answer adds up all projects of clouds, from sums that the ledger keeps of them. */
function addsUpProjects({ by, step, projectId, grant }: UsageQuery): boolean {
  return step !== 'hour' && !by.has('project') && projectId === undefined && grant === undefined;
}

function cloudDaysOf(query: UsageQuery, ofSite: SiteCondition): CloudDays {
  return {
    columns: sql`'' COLLATE "C", m.site_id, m.resource_id, ${query.by.has('cloud') ? sql`m.cloud_id` : sql`0`}`,
    where: join(meterConditions(query, ofSite), ' AND '),
  };
}

/** The meters of a question with what their sums are grouped by; `from` has a meter `m`, and perhaps a grant `g`. */
function metersOf(query: UsageQuery, ofSite: SiteCondition, from: Sql, more?: Sql): Sql {
  const { by } = query;
  const place = by.has('project') ? sql`m.project_id` : by.has('cloud') ? sql`p.cloud_id` : sql`0`;
  const hasGrant = by.has('grant') && (more !== undefined || !addsUpProjects(query));
  return sql`
      SELECT m.site_id, m.meter_id, m.resource_id, ${place} AS place_id, m.open_hour, m.open_amount, m.open_spread,
             ${hasGrant ? sql`coalesce(g.name, '')` : sql`''`} COLLATE "C" AS grant_name${more ?? sql``}
      FROM ${from}
      ${by.has('cloud') && !by.has('project') ? sql`JOIN ledger.project p ON p.site_id = m.site_id AND p.project_id = m.project_id` : sql``}
      WHERE ${join(meterConditions(query, ofSite), ' AND ')}`;
}

/** The sums with the names of their sites, clouds, projects and resources, where the answer separates them. */
function namesOf({ by }: UsageQuery, ofSite: SiteCondition): Sql {
  const byProject = by.has('project');
  const byCloud = byProject || by.has('cloud');
  const none = sql`'' COLLATE "C"`;
  return sql`
      SELECT sums.start_hour, sums.grant_name, ${byCloud || by.has('site') ? sql`s.name` : none} AS site, r.name AS resource,
             ${by.has('flavor') ? sql`coalesce(f.label, '')` : sql`''`} COLLATE "C" AS flavor,
             ${by.has('state') ? sql`r.state` : none} AS state, ${byCloud ? sql`c.name` : none} AS cloud,
             ${byProject ? sql`p.key` : none} AS project_id, ${byProject ? sql`n.project_name` : sql`''`} AS project_name,
             sums.amount, sums.spread
      FROM sums JOIN ledger.site s USING (site_id) JOIN ledger.resource r USING (site_id, resource_id)
      ${by.has('flavor') ? sql`LEFT JOIN ledger.flavor f USING (site_id, flavor_id)` : sql``}
      ${byProject ? projectJoins : sql``}
      ${byCloud ? sql`JOIN ledger.cloud c ON c.site_id = sums.site_id AND c.cloud_id = ${byProject ? sql`p.cloud_id` : sql`sums.place_id`}` : sql``}
      WHERE ${ofSite(sql`sums.site_id`)}`;
}

/**
 * Turns off plans that are slow for many meters. Turning them off raises the estimated cost, so JIT is off, too: otherwise
 * PostgreSQL before 18 would compile for a second.
 */
const FOR_MANY_METERS = [
  sql`SET LOCAL enable_nestloop = off`,
  sql`SET LOCAL enable_sort = off`,
  sql`SET LOCAL jit = off`,
  sql`SET LOCAL work_mem = '32MB'`,
];

/**
 * The database finds few meters by their keys: those of a project, of a grant, or of a scope without whole sites. For many meters it expects far too few entries, because it treats the two
 * columns of the key as independent: without help it would sort the entries and search all projects for each sum.
 */
function hasFewMeters({ projectId, grant, scope, site }: UsageQuery): boolean {
  if (projectId !== undefined || grant !== undefined) return true;
  return scope.everything !== true && !scope.sites.some((name) => (site ?? name) === name);
}

const FEW_PROJECTS = 50;

/** Without help, the database compares each meter of a question with all sums that it found: too many for a large grant. */
function hasFewProjects({ projectId, grant, grants = [] }: UsageQuery): boolean {
  if (projectId !== undefined) return true;
  const named = grants.filter(({ name }) => (grant ?? name) === name);
  return named.reduce((sum, { projects }) => sum + projects.length, 0) <= FEW_PROJECTS;
}

/** Restricts usage to the projects of one grant, or adds the grant of each project. */
function grantJoin({ by, grant }: UsageQuery): Sql {
  const granted = sql`JOIN granted g ON g.site_id = m.site_id AND g.project_id = m.project_id`;
  if (grant !== undefined) return granted;
  return by.has('grant') ? sql`LEFT ${granted}` : sql``;
}

const projectJoins = sql`
  JOIN ledger.project p ON p.site_id = sums.site_id AND p.project_id = sums.place_id
  JOIN ledger.project_name n ON n.site_id = sums.site_id AND n.project_id = sums.place_id AND n.to_ms IS NULL`;

/** The start of the step that contains the hour of `e`. The first step starts with the range. */
export const startOf: Record<UsageStep, (range: HourRange) => Sql> = {
  hour: () => sql`e.hour`,
  day: ({ fromHour }) => sql`greatest(e.hour - e.hour % 24, ${fromHour}::int)`,
  month: (range) => {
    const starts = numberArray(monthStarts(range));
    return sql`(${starts}::int[])[width_bucket(e.hour, ${starts}::int[])]`;
  },
  total: ({ fromHour }) => sql`${fromHour}::int`,
};

/** The conditions for the meters of the query. */
export function meterConditions(
  { projectId, resource, flavor, state }: UsageQuery,
  ofSite: SiteCondition,
): Sql[] {
  const atSite = ofSite(sql`site_id`);
  const list: Sql[] = [ofSite(sql`m.site_id`)];
  if (projectId !== undefined)
    list.push(
      sql`(m.site_id, m.project_id) IN (SELECT site_id, project_id FROM ledger.project WHERE key = ${projectId} AND ${atSite})`,
    );
  const resources: Sql[] = [];
  if (resource !== undefined) resources.push(sql`name = ${resource}`);
  if (state !== undefined) resources.push(sql`state = ${state}`);
  if (flavor !== undefined)
    resources.push(
      sql`(site_id, flavor_id) IN (SELECT site_id, flavor_id FROM ledger.flavor WHERE label = ${flavor} AND ${atSite})`,
    );
  if (resources.length > 0)
    list.push(sql`(m.site_id, m.resource_id) IN (
      SELECT site_id, resource_id FROM ledger.resource WHERE ${join(resources, ' AND ')} AND ${atSite})`);
  return list;
}

/** The condition for sums `e` of the meters in `table`. The keys of few meters are found by index. */
function entryCondition(query: UsageQuery, table: Sql, ofSite: SiteCondition): Sql {
  const atSite = ofSite(sql`e.site_id`);
  if (!hasFewMeters(query)) return atSite;
  return sql`${atSite} AND e.site_id = ANY(ARRAY(SELECT DISTINCT site_id FROM ${table}))
          AND e.meter_id = ANY(ARRAY(SELECT DISTINCT meter_id FROM ${table}))`;
}

/** The first hour of the range that can be in the answer. */
export function firstHour({ cursor }: UsageQuery, { fromHour }: HourRange): number {
  return cursor === undefined ? fromHour : Math.max(fromHour, cursorKeys(cursor)[0]);
}

export function cursorKeys(cursor: string) {
  return readCursor(cursor, [0, '', '', '', '', '', '', ''] as ReturnType<typeof sortKeys>);
}

function afterCursor({ cursor }: UsageQuery): Sql {
  if (cursor === undefined) return sql`true`;
  const [hour, ...names] = cursorKeys(cursor);
  return sql`(start_hour, grant_name, site, cloud, project_id, resource, flavor, state) > (${hour}::int, ${join(names)})`;
}

/** The hours of a query's range from its cursor on. Throws `CursorError`. */
export function remainingHours(query: UsageQuery): HourRange {
  const range = hourRange(query);
  const { fromHour, toHour } = range;
  const reached = query.cursor === undefined ? fromHour : cursorKeys(query.cursor)[0];
  if (reached < fromHour || reached >= toHour) throw new CursorError();
  return { fromHour: reached, toHour };
}
