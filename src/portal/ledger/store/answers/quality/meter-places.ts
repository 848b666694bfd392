import { MS_PER_HOUR, unitOfResource } from '../../../../../prometheus/usage-metrics.ts';
import { join, sql, type Queryable, type Sql } from '../../../../database/sql.ts';
import type { MeterPlace, MeterRecordQuery } from '../../../ledger.ts';
import { listOf } from '../../../names.ts';
import { readCursor, writeCursor } from '../cursor.ts';
import { linkTable } from '../view/seen-projects.ts';
import type { View } from '../view/view.ts';

/** The names of a meter, and an hour of it. `detail` tells the rows of an hour apart. */
export interface PlaceRecord {
  site_id: number;
  meter_id: number;
  site: string;
  cloud: string;
  project_key: string;
  project_name: string;
  resource: string;
  flavor: string;
  state: string;
  hour: number;
  detail: string;
}

/** The columns of `PlaceRecord` but `detail`, for rows `e` of hours of meters. */
const placeColumns = sql`
  s.name AS site, c.name AS cloud, p.key AS project_key, coalesce(n.project_name, p.key) AS project_name,
  r.name AS resource, coalesce(f.label, '') AS flavor, r.state, e.hour`;

const hourEnd = sql`((e.hour + 1) * ${MS_PER_HOUR}::bigint)`;

/** Joins the tables of `placeColumns` to rows `e`. */
const joinPlaces = sql`
  JOIN ledger.meter m USING (site_id, meter_id)
  JOIN ledger.site s USING (site_id)
  JOIN ledger.project p USING (site_id, project_id)
  JOIN ledger.cloud c USING (site_id, cloud_id)
  JOIN ledger.resource r USING (site_id, resource_id)
  LEFT JOIN ledger.flavor f USING (site_id, flavor_id)
  LEFT JOIN ledger.project_name n ON n.site_id = e.site_id AND n.project_id = p.project_id
    AND n.from_ms < ${hourEnd} AND (n.to_ms IS NULL OR n.to_ms >= ${hourEnd})`;

const NEWEST_FIRST = sql`-hour, site, cloud, project_key, resource, flavor, state, detail`;

/** A table with rows of hours of meters, and the columns of them that an answer needs beside `PlaceRecord`. */
export interface PlacedTable {
  name: Sql;
  detail: Sql;
  columns: Sql;
}

/**
 * A page of the rows of a table that a question asks for and sees, and one row more, the latest hours first. It looks for the
 * hours of the page first, so that it reads the names of few meters.
 */
export async function pageOfPlaces<Row extends PlaceRecord>(
  trx: Queryable,
  view: View<MeterRecordQuery>,
  table: PlacedTable,
): Promise<Row[]> {
  const { limit, cursor, fromMs, toMs } = view.query;
  const after =
    cursor === undefined ? undefined : readCursor(cursor, [0, '', '', '', '', '', '', ''] as const);
  const lastHour = Math.min(toMs / MS_PER_HOUR - 1, after === undefined ? Infinity : -after[0]);
  const firstHour = await hourAfter(trx, view, table, lastHour, after === undefined ? 0 : 1);
  // The order of the joins is right as it is written, and to look for a better one takes longer than the joins.
  await trx.query(sql`SET LOCAL join_collapse_limit = 1`);
  const { rows } = await trx.query<Row>(sql`
    WITH e AS MATERIALIZED (
      SELECT * FROM ${table.name} e
      WHERE ${isAsked(view)} AND e.hour BETWEEN ${Math.max(firstHour, fromMs / MS_PER_HOUR)}::int AND ${lastHour}::int
    )
    SELECT * FROM (
      SELECT ${placeColumns}, ${table.detail} AS detail, e.site_id, e.meter_id, ${table.columns} FROM e ${joinPlaces}
    ) w
    WHERE ${after === undefined ? sql`true` : sql`(${NEWEST_FIRST}) > (${after[0]}::int, ${join(after.slice(1))})`}
    ORDER BY ${NEWEST_FIRST} LIMIT ${limit + 1}`);
  return rows;
}

/** The hour of the last row of a page that begins at the end of an hour, or in the hour (`within` is 1). */
async function hourAfter(
  trx: Queryable,
  view: View<MeterRecordQuery>,
  table: PlacedTable,
  lastHour: number,
  within: 0 | 1,
): Promise<number> {
  const { rows } = await trx.query<{ hour: number }>(sql`
    SELECT e.hour FROM ${table.name} e
    WHERE ${isAsked(view)} AND e.hour >= ${view.query.fromMs / MS_PER_HOUR}::int AND e.hour <= ${lastHour - within}::int
    ORDER BY e.hour DESC OFFSET ${view.query.limit} LIMIT 1`);
  return rows[0]?.hour ?? -Infinity;
}

/** The rows `e` that a question asks for and sees: those of whole sites, and of projects while they are in a grant. */
function isAsked({ query, whole, ofSite, links }: View<MeterRecordQuery>): Sql {
  const { projectId, resource, scope } = query;
  const conditions: Sql[] = [];
  if (projectId !== undefined) conditions.push(sql`p.key = ANY (${listOf(projectId)}::text[])`);
  if (resource !== undefined) conditions.push(sql`r.name = ANY (${listOf(resource)}::text[])`);
  if (scope.everything !== true)
    conditions.push(sql`(${whole(sql`e.site_id`)} OR EXISTS (
      SELECT FROM (${linkTable(links)}) g
      WHERE g.site_id = e.site_id AND g.project_id = m.project_id AND e.hour >= g.from_hour AND e.hour < g.to_hour))`);
  if (conditions.length === 0) return ofSite(sql`e.site_id`);
  return sql`${ofSite(sql`e.site_id`)} AND EXISTS (
    SELECT FROM ledger.meter m JOIN ledger.project p USING (site_id, project_id) JOIN ledger.resource r USING (site_id, resource_id)
    WHERE m.site_id = e.site_id AND m.meter_id = e.meter_id AND ${join(conditions, ' AND ')})`;
}

export function cursorAt(row: PlaceRecord): string {
  const { site, cloud, project_key: project, resource, flavor, state, detail } = row;
  return writeCursor([-row.hour, site, cloud, project, resource, flavor, state, detail]);
}

export function placeOf(row: PlaceRecord): MeterPlace & { startMs: number } {
  return {
    site: row.site,
    cloud: row.cloud,
    projectId: row.project_key,
    projectName: row.project_name,
    resource: row.resource,
    ...(row.flavor === '' ? {} : { flavor: row.flavor, state: row.state }),
    unit: unitOfResource(row.resource),
    startMs: row.hour * MS_PER_HOUR,
  };
}
