import { join, sql, type Queryable, type Sql } from '../../../database/sql.ts';
import { CursorError } from '../../question-errors.ts';
import type { UsageQuery, UsageStep } from '../../ledger.ts';
import { numberArray } from '../../../database/columns.ts';
import { grantLinks, splitLinks } from '../../grant-links.ts';
import { hourRange, monthStarts, piecesOf, type HourRange, type Piece } from '../../steps.ts';
import { readCursor } from './cursor.ts';
import { siteCondition } from '../database/site-condition.ts';
import { grantedProjects, partialUsage } from './granted-usage.ts';

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

/** The sums of a page and of one more row. Sets the planner's options for the transaction. */
export async function sumUsage(trx: Queryable, query: UsageQuery, range: HourRange): Promise<UsageRecord[]> {
  await setPlanning(trx, query);
  const { rows } = await trx.query<UsageRecord>(
    sql`${usageSums(query, range, await siteCondition(trx, query.site))} LIMIT ${query.limit + 1}`,
  );
  return rows;
}

/**
 * Sets the planner's options for the rest of the transaction. They are SET commands, which Citus passes on to its nodes if
 * the first one says so; another database does not know the first one, and keeps its value without any effect.
 */
export async function setPlanning(trx: Queryable, query: UsageQuery): Promise<void> {
  if (hasFewMeters(query)) return;
  await trx.query(sql`SET LOCAL citus.propagate_set_commands = 'local'`);
  for (const statement of FOR_MANY_METERS) await trx.query(statement);
}

/**
 * Sums entries by step, resource and the query's dimensions, in order. Amounts of different resources are never added up.
 * Projects with the same id at two sites stay separate (rule A9), and so do clouds: only a grant adds up projects. `ofSite` is
 * the query's `siteCondition`, and `part` the part of the range to sum, in whole steps.
 */
export function usageSums(
  query: UsageQuery,
  range: HourRange,
  ofSite: (column: Sql) => Sql,
  part = range,
): Sql {
  const byProject = query.by.has('project');
  const byCloud = byProject || query.by.has('cloud');
  const bySite = byCloud || query.by.has('site');
  const byFlavor = query.by.has('flavor');
  const { whole, partial } = splitLinks(grantLinks(query, part), part);
  const ofParts = partial.length > 0;
  const start = startOf[query.step](range);
  const project = byCloud ? sql`m.project_id` : sql`0`;
  const asked = { query, start, project, meters: meterConditions(query, ofSite), ofSite };
  return sql`
    WITH granted AS (${grantedProjects(whole, ofSite)}), asked AS MATERIALIZED (
      SELECT m.site_id, m.meter_id, m.project_id, m.resource_id, ${query.by.has('grant') ? sql`coalesce(g.name, '')` : sql`''`} COLLATE "C" AS grant_name
      FROM ledger.meter m ${grantJoin(query)}
      WHERE ${join(asked.meters, ' AND ')}
    ),
    ${ofParts ? sql`${partialUsage(partial, { ...asked, fromHour: firstHour(query, part), byKey: hasFewMeters(query) })},` : sql``}
    sums AS (
      SELECT m.grant_name, e.site_id, m.resource_id, ${project} AS project_id, ${start} AS start_hour, sum(e.amount) AS amount, sum(e.spread) AS spread
      FROM ${entriesFor(query, part)} e JOIN asked m USING (site_id, meter_id)
      WHERE ${join(entryConditions(query, part, ofSite), ' AND ')}
      GROUP BY 1, 2, 3, 4, 5
      HAVING sum(e.amount) <> 0 OR sum(e.spread) <> 0
      ${ofParts ? sql`UNION ALL SELECT * FROM moved` : sql``}
    ), named AS (
      SELECT sums.start_hour, sums.grant_name, ${bySite ? sql`s.name` : sql`'' COLLATE "C"`} AS site, r.name AS resource,
             ${byFlavor ? sql`coalesce(f.label, '')` : sql`''`} COLLATE "C" AS flavor,
             ${query.by.has('state') ? sql`r.state` : sql`'' COLLATE "C"`} AS state,
             ${byCloud ? sql`c.name` : sql`'' COLLATE "C"`} AS cloud,
             ${byProject ? sql`p.key` : sql`'' COLLATE "C"`} AS project_id,
             ${byProject ? sql`n.project_name` : sql`''`} AS project_name,
             sums.amount, sums.spread
      FROM sums JOIN ledger.site s USING (site_id) JOIN ledger.resource r USING (site_id, resource_id)
      ${byFlavor ? sql`LEFT JOIN ledger.flavor f USING (site_id, flavor_id)` : sql``}
      ${byCloud ? projectJoins : sql``}
      WHERE ${ofSite(sql`sums.site_id`)}
    )
    SELECT start_hour, grant_name, site, cloud, project_id, project_name, resource, flavor, state,
           sum(amount) AS amount, sum(spread) AS spread
    FROM named
    WHERE ${afterCursor(query)}
    GROUP BY start_hour, grant_name, site, cloud, project_id, project_name, resource, flavor, state
    ${ofParts ? sql`HAVING sum(amount) <> 0 OR sum(spread) <> 0` : sql``}
    ORDER BY start_hour, grant_name, site, cloud, project_id, resource, flavor, state`;
}

/**
 * Turns off plans that are slow for many meters. Turning them off raises the estimated cost, so JIT is off, too: otherwise
 * PostgreSQL before 18 would compile for a second.
 */
const FOR_MANY_METERS = [
  sql`SET LOCAL enable_nestloop = off`,
  sql`SET LOCAL enable_sort = off`,
  sql`SET LOCAL jit = off`,
];

/**
 * The database finds few meters by their keys. For many meters it expects far too few entries, because it treats the two
 * columns of the key as independent: without help it would sort the entries and search all projects for each sum.
 */
function hasFewMeters({ projectId, grant }: UsageQuery): boolean {
  return projectId !== undefined || grant !== undefined;
}

/** Restricts usage to the projects of one grant, or adds the grant of each project. */
function grantJoin({ by, grant }: UsageQuery): Sql {
  const granted = sql`JOIN granted g ON g.site_id = m.site_id AND g.project_id = m.project_id`;
  if (grant !== undefined) return granted;
  return by.has('grant') ? sql`LEFT ${granted}` : sql``;
}

const projectJoins = sql`
  JOIN ledger.project p USING (site_id, project_id)
  JOIN ledger.cloud c USING (site_id, cloud_id)
  JOIN ledger.project_name n ON n.site_id = sums.site_id AND n.project_id = sums.project_id AND n.to_ms IS NULL`;

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

const VIEWS = {
  hours: sql`ledger.hourly`,
  days: sql`ledger.daily`,
  months: sql`ledger.monthly`,
} satisfies Record<Piece['sumsOf'], Sql>;

/** The sums for each piece of the range. The hour of a sum is its first hour. */
function entriesFor({ step }: UsageQuery, range: HourRange): Sql {
  const pieces = piecesOf(step, range).map(
    ({ sumsOf, fromHour, toHour }) =>
      sql`SELECT * FROM ${VIEWS[sumsOf]} WHERE hour >= ${fromHour}::int AND hour < ${toHour}::int`,
  );
  return sql`(${join(pieces, ' UNION ALL ')})`;
}

/** The conditions for the meters of the query. */
export function meterConditions(
  { projectId, resource, flavor, state }: UsageQuery,
  ofSite: (column: Sql) => Sql,
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

function entryConditions(query: UsageQuery, range: HourRange, ofSite: (column: Sql) => Sql): Sql[] {
  const fromHour = firstHour(query, range);
  const list: Sql[] = [
    ofSite(sql`e.site_id`),
    sql`e.hour >= ${fromHour}::int`,
    sql`e.hour < ${range.toHour}::int`,
    sql`e.last_hour >= ${fromHour}::int`,
    sql`e.first_hour < ${range.toHour}::int`,
  ];
  // The keys of few meters are found by index. Otherwise the months of all meters would be unpacked.
  if (hasFewMeters(query))
    list.push(
      sql`e.site_id = ANY(ARRAY(SELECT DISTINCT site_id FROM asked))`,
      sql`e.meter_id = ANY(ARRAY(SELECT DISTINCT meter_id FROM asked))`,
    );
  return list;
}

/** The first hour that can be in the answer. */
function firstHour({ cursor }: UsageQuery, range: HourRange): number {
  return cursor === undefined ? range.fromHour : cursorKeys(cursor)[0];
}

function cursorKeys(cursor: string) {
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
  const reached = firstHour(query, range);
  if (reached < fromHour || reached >= toHour) throw new CursorError();
  return { fromHour: reached, toHour };
}
