import { sql, type Queryable } from '../../../database/sql.ts';
import { CursorError } from '../../question-errors.ts';
import { MS_PER_HOUR } from '../../../../prometheus/usage-metrics.ts';
import { coverageOf } from '../../accounting/sites/coverage.ts';
import type { CoverageQuery, CoverageShares, Page, StepCoverage, UsageDimension } from '../../ledger.ts';
import { hourRange, stepEnd, type HourRange } from '../../steps.ts';
import { numberArray } from '../../../database/columns.ts';
import { eachHourOnce, loadCoveredClouds, type NamedCloud } from './covered-clouds.ts';
import { readCursor, writeCursor } from './cursor.ts';
import { startOf } from './sums/meter-sums.ts';
import { viewOf, type SiteCondition } from './view/view.ts';

/** The sums of one step. Site and cloud are '' if the question does not separate them. */
interface StepRecord {
  start_hour: number;
  site: string;
  cloud: string;
  measured_ms: string;
  spread_ms: string;
}

type Clouds = readonly NamedCloud[];
type Dimensions = NonNullable<CoverageQuery['by']>;

const EACH_CLOUD: Dimensions = new Set(['site', 'cloud']);

/** Steps in order of time, site and cloud, including steps without readings. */
export async function queryCoverage(
  database: Queryable,
  { by = EACH_CLOUD, ...query }: CoverageQuery,
  nowMs: number,
): Promise<Page<StepCoverage>> {
  const range = hourRange(query);
  const view = await viewOf(database, { ...query, by: new Set<UsageDimension>() });
  const ofAll = await loadCoveredClouds(database, view, range);
  const clouds = eachHourOnce(ofAll({ site: '', cloud: '' }), range);
  const rows = await sumHours(database, { ...query, by }, { range, clouds, ofSite: view.ofSite }, nowMs);
  const shown = rows.slice(0, query.limit);
  const last = shown.at(-1);
  const more = rows.length > query.limit && last !== undefined;
  return {
    data: shown.map((row) => {
      const endHour = stepEnd(query.step ?? 'hour', row.start_hour, range, query.zone);
      return stepCoverage(row, endHour, cloudsOfRow(clouds, row, by), by, nowMs);
    }),
    next: more ? writeCursor([last.start_hour, last.site, last.cloud]) : null,
  };
}

function cloudsOfRow(clouds: Clouds, row: StepRecord, by: Dimensions): Clouds {
  return clouds.filter(
    ({ site, cloud }) => (by.size === 0 || site === row.site) && (!by.has('cloud') || cloud === row.cloud),
  );
}

/** The sums of a page and of one more row. */
async function sumHours(
  database: Queryable,
  { step, zone, by, limit, cursor }: CoverageQuery & { by: Dimensions },
  { range, clouds, ofSite }: { range: HourRange; clouds: Clouds; ofSite: SiteCondition },
  nowMs: number,
): Promise<StepRecord[]> {
  const after =
    cursor === undefined ? undefined : readCursor(cursor, [0, '', ''] as [number, string, string]);
  const firstHour = after?.[0] ?? range.fromHour;
  // The question's period limits its cost, so a cursor must not leave it.
  if (firstHour < range.fromHour || firstHour >= range.toHour) throw new CursorError();
  const hours = clouds.map(({ during }) => (during === undefined ? range : hourRange(during)));
  const lastHour = Math.min(range.toHour, Math.ceil(nowMs / MS_PER_HOUR)) - 1;
  const { rows } = await database.query<StepRecord>(sql`
    SELECT start_hour, site, cloud, sum(measured_ms) AS measured_ms, sum(spread_ms) AS spread_ms
    FROM (
      SELECT ${startOf({ step, zone }, range)} AS start_hour,
             ${by.size > 0 ? sql`s.name` : sql`'' COLLATE "C"`} AS site, ${by.has('cloud') ? sql`c.name` : sql`'' COLLATE "C"`} AS cloud,
             coalesce(k.measured_ms, 0) AS measured_ms, coalesce(k.spread_ms, 0) AS spread_ms
      FROM unnest(
        ${numberArray(clouds.map(({ siteId }) => siteId))}::int[], ${numberArray(clouds.map(({ cloudId }) => cloudId))}::int[],
        ${numberArray(hours.map(({ fromHour }) => fromHour))}::int[], ${numberArray(hours.map(({ toHour }) => toHour))}::int[]
      ) AS w (site_id, cloud_id, from_hour, to_hour)
      JOIN ledger.cloud c USING (site_id, cloud_id) JOIN ledger.site s USING (site_id)
      CROSS JOIN LATERAL generate_series(
        greatest(${firstHour}::int, w.from_hour, c.first_ms / ${MS_PER_HOUR}::bigint)::int,
        least(${lastHour}::int, w.to_hour - 1, CASE WHEN s.declared AND NOT c.retired THEN ${lastHour}::int ELSE c.last_ms / ${MS_PER_HOUR}::bigint END)::int
      ) AS e (hour)
      LEFT JOIN ledger.site_hour k ON k.site_id = c.site_id AND k.cloud_id = c.cloud_id AND k.hour = e.hour AND ${ofSite(sql`k.site_id`)}
      WHERE ${ofSite(sql`c.site_id`)}
    ) w
    WHERE ${
      after === undefined
        ? sql`true`
        : sql`(start_hour, site, cloud) > (${after[0]}::int, ${after[1]}, ${after[2]})`
    }
    GROUP BY start_hour, site, cloud ORDER BY start_hour, site, cloud LIMIT ${limit + 1}`);
  return rows;
}

function stepCoverage(
  row: StepRecord,
  endHour: number,
  clouds: Clouds,
  by: Dimensions,
  nowMs: number,
): StepCoverage {
  const [fromMs, toMs] = [row.start_hour * MS_PER_HOUR, endHour * MS_PER_HOUR];
  return {
    ...(by.has('site') ? { site: row.site } : {}),
    ...(by.has('cloud') ? { cloud: row.cloud } : {}),
    startMs: fromMs,
    coverage: coverageOf({ fromMs, toMs, spread: Number(row.spread_ms) > 0 }, clouds, nowMs),
    measuredMs: Number(row.measured_ms),
    spreadMs: Number(row.spread_ms),
    reached: clouds.some(
      ({ progress, during }) =>
        progress.firstMs < Math.min(toMs, during?.toMs ?? toMs) &&
        progress.lastMs > Math.max(fromMs, during?.fromMs ?? fromMs),
    ),
  };
}

interface ShareRecord {
  site: string;
  expected_ms: string;
  measured_ms: string;
  spread_ms: string;
}

/**
 * The coverage shares of declared sites, over their clouds that are not retired. A cloud counts from its first reading on;
 * without a reading before `toMs` it does not count. Both times are whole hours in Unix milliseconds.
 */
export async function queryCoverageShares(
  database: Queryable,
  fromMs: number,
  toMs: number,
): Promise<CoverageShares[]> {
  const { rows } = await database.query<ShareRecord>(sql`
    SELECT s.name AS site, sum(${toMs}::bigint - greatest(${fromMs}::bigint, c.first_ms)) AS expected_ms,
           sum(k.measured_ms) AS measured_ms, sum(k.spread_ms) AS spread_ms
    FROM ledger.cloud c JOIN ledger.site s USING (site_id)
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(measured_ms), 0) AS measured_ms, coalesce(sum(spread_ms), 0) AS spread_ms
      FROM ledger.site_hour h WHERE h.site_id = c.site_id AND h.cloud_id = c.cloud_id
        AND h.hour >= ${fromMs / MS_PER_HOUR}::int AND h.hour < ${toMs / MS_PER_HOUR}::int) k
    WHERE s.declared AND NOT c.retired AND c.first_ms < ${toMs}
    GROUP BY s.name ORDER BY s.name`);
  return rows.map(sharesOf);
}

function sharesOf({ site, ...sums }: ShareRecord): CoverageShares {
  const measured = Number(sums.measured_ms) / Number(sums.expected_ms);
  const spread = Number(sums.spread_ms) / Number(sums.expected_ms);
  return { site, measured, spread, missing: Math.max(0, 1 - measured - spread) };
}
