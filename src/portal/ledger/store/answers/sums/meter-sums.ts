import { join, sql, type Queryable, type Sql } from '../../../../database/sql.ts';
import { numberArray } from '../../../../database/columns.ts';
import { grantLinks, seenLinks, splitLinks } from '../../../grant-links.ts';
import type { CoverageQuery, UsageQuery, UsageStep } from '../../../ledger.ts';
import { fits, listOf } from '../../../names.ts';
import { stepOfSums, stepStarts, type HourRange } from '../../../steps.ts';
import { grantedProjects } from '../view/granted-usage.ts';
import type { SiteCondition, View } from '../view/view.ts';
import { usageOfRange, usageOfWindows, type CloudDays } from './window-sums.ts';

/**
 * Sets the planner's options for the rest of the transaction. They are SET commands, which Citus passes on to its nodes if
 * the first one says so; another database does not know the first one, and keeps its value without any effect.
 */
export async function setPlanning(trx: Queryable, query: UsageQuery): Promise<void> {
  if (hasFewMeters(query) && hasFewProjects(query)) return;
  await trx.query(sql`SET LOCAL citus.propagate_set_commands = 'local'`);
  for (const statement of FOR_MANY_METERS) await trx.query(statement);
}

/** The common tables of a question, of which the last one is `sums`. */
export interface MeterSums {
  tables: Sql;
  /** Whether some sums consist of several rows, because projects come or go within the time. */
  isDivided: boolean;
}

/** The part of a question's usage to sum. */
export interface SummedPart {
  /** Whole steps of the question's range. */
  hours: HourRange;
  /** The hours that have readings; undefined if there are none. */
  known: HourRange | undefined;
  /** Selects the ids of some projects; undefined means all. */
  among?: Sql | undefined;
}

/**
 * Sums usage by grant, site, resource, step and place, by their ids. The place is the project or the cloud, if the answer
 * separates them.
 */
export function meterSums(
  view: View<UsageQuery>,
  range: HourRange,
  { hours: part, known, among }: SummedPart,
): MeterSums {
  const { query, whole: atWholeSite, ofSite } = view;
  const links = grantLinks(query, part);
  const byClouds = addsUpProjects(query);
  const { whole, partial } = byClouds ? { whole: [], partial: links } : splitLinks(links, part);
  const seen = seenLinks(query, part);
  const parts = [...partial, ...seen];
  const isDivided = parts.length > 0;
  const isAmong = among === undefined ? sql`` : sql`JOIN (${among}) w USING (site_id, project_id)`;
  const step = stepOfSums(query);
  const windowsOf = (table: Sql, atSite: SiteCondition) => ({
    table,
    columns: KEYS,
    where: entryCondition(query, table, atSite),
    isOfAll: among === undefined && !hasFewMeters(query) && meterConditions(query, atSite).length === 1,
    isByMeter: false,
    endHour: known?.toHour ?? part.fromHour,
    range: part,
  });
  const start = startOf(query, range);
  const sumsOf = (rows: Sql) => summed(rows, KEYS, start);
  const gained = () => sql`
    partial AS MATERIALIZED (${metersOf(query, ofSite, sql`(${grantedProjects(parts, ofSite)}) g JOIN ledger.meter m USING (site_id, project_id) ${isAmong}`, sql`, g.from_hour, g.to_hour`)}
    ), gained AS MATERIALIZED (${sumsOf(usageOfWindows(step, { ...windowsOf(sql`partial`, ofSite), fromHour: sql`m.from_hour`, toHour: sql`m.to_hour` }))}
    ),`;
  const ofWhole = windowsOf(sql`asked`, atWholeSite);
  const isByMeter = ofWhole.isOfAll && isOfProjects(query) && step !== 'hour' && step !== 'day';
  const ofClouds = byClouds ? cloudDaysOf(query, atWholeSite) : undefined;
  const tables = sql`
    kinds AS MATERIALIZED (${kindsOf(query, ofSite)}),
    granted AS (${grantedProjects(whole, atWholeSite)}), asked AS NOT MATERIALIZED (${metersOf(query, atWholeSite, sql`ledger.meter m ${byClouds ? sql`` : grantJoin(query)} ${isAmong}`)}
    ),
    ${isDivided ? gained() : sql``}
    ${isByMeter ? sumsByMeter(windowsOf(allMeters(atWholeSite), atWholeSite), step, start) : sql``}
    sums AS (${isByMeter ? sumsOfKinds : sumsOf(usageOfRange(step, ofWhole, ofClouds))}
      ${isDivided ? sql`UNION ALL SELECT * FROM gained` : sql``}
      ${partial.length > 0 && query.grant === undefined ? sql`UNION ALL SELECT '' COLLATE "C", site_id, resource_id, place_id, start_hour, -amount, -spread FROM gained ${seen.length > 0 ? sql`WHERE ${atWholeSite(sql`site_id`)}` : sql``}` : sql``}
    )`;
  return { tables, isDivided };
}

/** The columns of `metersOf` that sums are grouped by, and those of a meter. */
const KEYS = sql`grant_name, site_id, resource_id, place_id`;
const METER_KEYS = sql`site_id, meter_id`;

/** Adds up rows by their keys and steps. Most have no spread: to add their zeros, too, would take a sixth of the time. */
function summed(rows: Sql, keys: Sql, start: Sql): Sql {
  const spread = sql`sum(spread) FILTER (WHERE spread <> 0)`;
  return sql`
      SELECT ${keys}, ${start} AS start_hour, sum(amount) AS amount, coalesce(${spread}, 0) AS spread
      FROM (${rows}) e
      GROUP BY ${keys}, start_hour
      HAVING sum(amount) <> 0 OR ${spread} <> 0`;
}

/**
 * The sums `of_meters`, with what they are grouped by. Rows of all meters are added up before they are joined: there are several
 * for each sum, if steps are longer than a day.
 */
function sumsByMeter(windows: Parameters<typeof usageOfRange>[1], step: UsageStep, start: Sql): Sql {
  const rows = usageOfRange(step, { ...windows, columns: METER_KEYS, isByMeter: true });
  return sql`
    of_meters AS (
      SELECT ${KEYS}, start_hour, amount, spread, is_shared
      FROM (${summed(rows, METER_KEYS, start)}) e JOIN asked USING (site_id, meter_id)
    ),`;
}

function allMeters(ofSite: SiteCondition): Sql {
  return sql`(SELECT * FROM ledger.meter WHERE ${ofSite(sql`site_id`)})`;
}

/** Adds up meters whose resources the answer does not separate. Most meters have a resource by itself. */
const sumsOfKinds = sql`
      SELECT ${KEYS}, start_hour, amount, spread FROM of_meters WHERE NOT is_shared
      UNION ALL
      SELECT ${KEYS}, start_hour, sum(amount), sum(spread) FROM of_meters WHERE is_shared
      GROUP BY ${KEYS}, start_hour HAVING sum(amount) <> 0 OR sum(spread) <> 0`;

/** Whether the answer adds up all projects of clouds, from sums that the ledger keeps of them. */
function addsUpProjects(query: UsageQuery): boolean {
  const { projectId, grant } = query;
  return (
    stepOfSums(query) !== 'hour' && !isOfProjects(query) && projectId === undefined && grant === undefined
  );
}

/** Whether usage is summed by project first: the domain of usage is that of its project. */
export function isOfProjects({ by }: Pick<UsageQuery, 'by'>): boolean {
  return by.has('project') || by.has('domain');
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
  const place = isOfProjects(query) ? sql`m.project_id` : by.has('cloud') ? sql`p.cloud_id` : sql`0`;
  const isByKind = !by.has('project') || (by.has('flavor') && by.has('state'));
  const hasGrant = by.has('grant') && (more !== undefined || !addsUpProjects(query));
  return sql`
      SELECT m.site_id, m.meter_id, ${isByKind ? sql`m.resource_id, false AS is_shared` : sql`kinds.first_id AS resource_id, kinds.is_shared`}, ${place} AS place_id, m.open_hour, m.open_amount, m.open_spread,
             ${hasGrant ? sql`coalesce(g.name, '')` : sql`''`} COLLATE "C" AS grant_name${more ?? sql``}
      FROM ${from}
      ${isByKind ? sql`` : sql`JOIN kinds ON kinds.site_id = m.site_id AND kinds.resource_id = m.resource_id`}
      ${by.has('cloud') && !isOfProjects(query) ? sql`JOIN ledger.project p ON p.site_id = m.site_id AND p.project_id = m.project_id` : sql``}
      WHERE ${join(meterConditions(query, ofSite), ' AND ')}`;
}

/** The resources of sites. Those that the answer does not separate, servers of other flavors or in other states, share the first one's id. */
function kindsOf({ by }: UsageQuery, ofSite: SiteCondition): Sql {
  const same = sql`site_id, name${by.has('flavor') ? sql`, flavor_id` : sql``}${by.has('state') ? sql`, state` : sql``}`;
  return sql`
      SELECT site_id, resource_id, min(resource_id) OVER same AS first_id, count(*) OVER same > 1 AS is_shared
      FROM ledger.resource WHERE ${ofSite(sql`site_id`)} WINDOW same AS (PARTITION BY ${same})`;
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
  return scope.everything !== true && !scope.sites.some((name) => fits(site, name));
}

const FEW_PROJECTS = 50;

/** Without help, the database compares each meter of a question with all sums that it found: too many for a large grant. */
function hasFewProjects({ projectId, grant, grants = [] }: UsageQuery): boolean {
  if (projectId !== undefined) return listOf(projectId).length <= FEW_PROJECTS;
  const named = grants.filter(({ name }) => fits(grant, name));
  return named.reduce((sum, { projects }) => sum + projects.length, 0) <= FEW_PROJECTS;
}

/** Restricts usage to the projects of grants, or adds the grant of each project. */
function grantJoin({ by, grant }: UsageQuery): Sql {
  const granted = sql`JOIN granted g ON g.site_id = m.site_id AND g.project_id = m.project_id`;
  if (grant !== undefined) return granted;
  return by.has('grant') ? sql`LEFT ${granted}` : sql``;
}

/** The start of the step that contains the hour of `e`. The first step starts with the range. */
export function startOf(
  { step = 'hour', zone }: Pick<CoverageQuery, 'step' | 'zone'>,
  range: HourRange,
): Sql {
  if (step === 'hour') return sql`e.hour`;
  if (step === 'total') return sql`${range.fromHour}::int`;
  if (step === 'day' && zone === undefined)
    return sql`greatest(e.hour - e.hour % 24, ${range.fromHour}::int)`;
  const starts = numberArray(stepStarts(step, range, zone));
  return sql`(${starts}::int[])[width_bucket(e.hour, ${starts}::int[])]`;
}

/** The conditions for the meters of the query. */
export function meterConditions(
  { projectId, resource, flavor, state }: UsageQuery,
  ofSite: SiteCondition,
): Sql[] {
  const atSite = ofSite(sql`site_id`);
  const list: Sql[] = [ofSite(sql`m.site_id`)];
  if (projectId !== undefined)
    list.push(
      sql`(m.site_id, m.project_id) IN (SELECT site_id, project_id FROM ledger.project WHERE key = ANY (${listOf(projectId)}::text[]) AND ${atSite})`,
    );
  const resources: Sql[] = [];
  if (resource !== undefined) resources.push(sql`name = ANY (${listOf(resource)}::text[])`);
  if (state !== undefined) resources.push(sql`state = ANY (${listOf(state)}::text[])`);
  if (flavor !== undefined)
    resources.push(
      sql`(site_id, flavor_id) IN (SELECT site_id, flavor_id FROM ledger.flavor WHERE label = ANY (${listOf(flavor)}::text[]) AND ${atSite})`,
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
