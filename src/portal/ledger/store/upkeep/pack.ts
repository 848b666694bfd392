import type { Database } from '../../../database/database.ts';
import { sql, type Queryable, type Sql } from '../../../database/sql.ts';
import { MS_PER_HOUR } from '../../../../prometheus/usage-metrics.ts';
import { describeError } from '../../../../runtime/user-error.ts';
import type { MaintenanceOutcome, StoragePolicy } from '../../storage-policy.ts';
import { BEGIN_BOUNDED, requirePortal } from '../database/fence.ts';
import { SCHEMA } from '../migrations/all.ts';
import { expireGaps } from '../sweeps/write/write-gaps.ts';

/** Meters in one transaction. Sweeps of the site wait for the transaction, so it is small. */
const METERS_PER_TRANSACTION = 500;

const HOURS_PER_DAY = 24;

/** The sum of a day of such hours fits its column easily. Larger amounts stay entries. */
const LARGEST_PACKED = 2n ** 57n;

/**
 * Packs closed days, drops hours, and forgets gaps whose time is up, in small transactions. It can stop anywhere, and the
 * next run continues. A failure at one site does not stop the work for others: the first failure is thrown at the end.
 */
export async function maintainStore(
  database: Database,
  nowMs: number,
  policy: StoragePolicy,
  portal?: string,
): Promise<MaintenanceOutcome> {
  const done: MaintenanceOutcome = { packed: 0, dropped: 0, expired: 0 };
  const failures: unknown[] = [];
  for (const { site_id: siteId, name } of await allSites(database))
    await maintainSite(database, siteId, nowMs, { ...policy, portal }, done).catch((cause: unknown) =>
      failures.push(new Error(`site '${name}': ${describeError(cause)}`, { cause })),
    );
  done.expired = await expireGaps(database, startOfDay(nowMs, policy.gapsKeptDays) * MS_PER_HOUR).catch(
    (cause: unknown) => {
      failures.push(cause);
      return 0;
    },
  );
  if (failures.length > 0) throw failures[0];
  return done;
}

async function maintainSite(
  database: Database,
  siteId: number,
  nowMs: number,
  { packAfterDays, hoursKeptDays, portal }: StoragePolicy & { portal: string | undefined },
  done: MaintenanceOutcome,
): Promise<void> {
  const lastMeter = await lastMeterOf(database, siteId);
  for (let first = 0; first <= lastMeter; first += METERS_PER_TRANSACTION) {
    const meters = { siteId, first, end: first + METERS_PER_TRANSACTION, portal };
    done.packed += await packMeters(database, meters, startOfDay(nowMs, packAfterDays));
    if (hoursKeptDays === undefined) continue;
    done.dropped += await dropHours(database, meters, startOfDay(nowMs, hoursKeptDays));
  }
}

function startOfDay(nowMs: number, daysAgo: number): number {
  return (Math.floor(nowMs / MS_PER_HOUR / HOURS_PER_DAY) - daysAgo) * HOURS_PER_DAY;
}

interface MeterRange {
  siteId: number;
  first: number;
  end: number;
  /** The portal that does the work; undefined for a command. */
  portal?: string | undefined;
}

async function allSites(database: Queryable) {
  const { rows } = await database.query<{ site_id: number; name: string }>(sql`
    SELECT site_id, name FROM ledger.site ORDER BY site_id`);
  return rows;
}

/** The highest id of the site's meters; -1 without any. Asked for each site: with Citus the node of one may be down. */
async function lastMeterOf(database: Queryable, siteId: number): Promise<number> {
  const { rows } = await database.query<{ last: number | null }>(sql`
    SELECT max(meter_id) AS last FROM ledger.meter WHERE site_id = ${siteId}`);
  return rows[0]?.last ?? -1;
}

/** Moves entries into their months in one transaction, so that an hour is never lost or counted twice. */
async function packMeters(database: Database, meters: MeterRange, beforeHour: number): Promise<number> {
  return await database.transaction(async (trx) => {
    await trx.query(sql`SELECT FROM ledger.site_state WHERE site_id = ${meters.siteId} FOR UPDATE`);
    await requirePortal(trx, meters.portal);
    const { rows } = await trx.query<{ packed: string }>(entriesIntoMonths(meters, beforeHour));
    const packed = Number(rows[0]?.packed ?? 0);
    if (packed > 0) await sumDaysAgain(trx, meters, beforeHour);
    return packed;
  }, BEGIN_BOUNDED);
}

/** Makes the sums of days agree with the entries that are left. There are few, or none. */
async function sumDaysAgain(
  trx: Queryable,
  { siteId, first, end }: MeterRange,
  beforeHour: number,
): Promise<void> {
  const ofMeters = sql`site_id = ${siteId} AND meter_id >= ${first}::int AND meter_id < ${end}::int AND hour < ${beforeHour}::int`;
  await trx.query(sql`DELETE FROM ledger.day WHERE ${ofMeters}`);
  await trx.query(sql`
    INSERT INTO ledger.day (site_id, meter_id, hour, amount, spread)
    SELECT ${siteId}, meter_id, hour - hour % 24, sum(amount), sum(spread) FROM ledger.entry WHERE ${ofMeters} GROUP BY 2, 3`);
}

/** Removes entries, and adds them to the hours and days of their months, and to the days of clouds. Returns the number of entries. */
function entriesIntoMonths({ siteId, first, end }: MeterRange, beforeHour: number): Sql {
  return sql`
    WITH moved AS (
      DELETE FROM ledger.entry
      WHERE site_id = ${siteId} AND meter_id >= ${first}::int AND meter_id < ${end}::int AND hour < ${beforeHour}::int
        AND abs(amount) < ${LARGEST_PACKED} AND abs(spread) < ${LARGEST_PACKED}
      RETURNING meter_id, hour, amount, spread
    ), placed AS (
      SELECT moved.*, (extract(epoch FROM date_trunc('month', to_timestamp(hour * 3600.0), 'UTC')) / 3600)::int AS first_hour,
             (extract(epoch FROM date_trunc('month', to_timestamp(hour * 3600.0), 'UTC') AT TIME ZONE 'UTC' + interval '1 month') / 3600)::int
               AS end_hour
      FROM moved
    ), months AS (
      SELECT DISTINCT meter_id, first_hour, end_hour FROM placed
    ), hours AS (
      SELECT n.meter_id, n.first_hour, n.end_hour, n.first_hour + i AS hour,
             coalesce(m.hour_amounts[i + 1], 0) + coalesce(p.amount, 0) AS amount,
             coalesce(m.hour_spreads[i + 1], 0) + coalesce(p.spread, 0) AS spread,
             coalesce(p.amount, 0) AS new_amount, coalesce(p.spread, 0) AS new_spread
      FROM months n CROSS JOIN LATERAL generate_series(0, n.end_hour - n.first_hour - 1) AS i
      LEFT JOIN placed p ON p.meter_id = n.meter_id AND p.hour = n.first_hour + i
      LEFT JOIN ledger.month m
        ON m.site_id = ${siteId} AND m.meter_id = n.meter_id AND m.first_hour = n.first_hour
    ), packed_hours AS (
      SELECT meter_id, first_hour, end_hour, array_agg(amount ORDER BY hour) AS amounts,
             CASE WHEN bool_or(spread <> 0) THEN array_agg(spread ORDER BY hour) END AS spreads
      FROM hours GROUP BY meter_id, first_hour, end_hour
    ), days AS (
      SELECT h.meter_id, h.first_hour, (h.hour - h.first_hour) / 24 AS day,
             sum(h.new_amount)::bigint AS amount, sum(h.new_spread)::bigint AS spread
      FROM hours h GROUP BY 1, 2, 3
    ), packed_days AS (
      SELECT d.meter_id, d.first_hour,
             array_agg(d.amount + coalesce(m.day_amounts[d.day + 1], 0) ORDER BY d.day) AS amounts,
             CASE WHEN bool_or(d.spread + coalesce(m.day_spreads[d.day + 1], 0) <> 0)
               THEN array_agg(d.spread + coalesce(m.day_spreads[d.day + 1], 0) ORDER BY d.day) END AS spreads,
             bool_or(m.site_id IS NOT NULL AND m.hour_amounts IS NULL) AS hours_dropped
      FROM days d LEFT JOIN ledger.month m
        ON m.site_id = ${siteId} AND m.meter_id = d.meter_id AND m.first_hour = d.first_hour
      GROUP BY d.meter_id, d.first_hour
    ), written AS (
      INSERT INTO ledger.month
        (site_id, meter_id, first_hour, last_hour, hour_amounts, hour_spreads, day_amounts, day_spreads, packed_schema)
      SELECT ${siteId}, h.meter_id, h.first_hour, h.end_hour - 1,
             CASE WHEN d.hours_dropped THEN NULL ELSE h.amounts END,
             CASE WHEN d.hours_dropped THEN NULL ELSE h.spreads END, d.amounts, d.spreads, ${SCHEMA}::int
      FROM packed_hours h JOIN packed_days d USING (meter_id, first_hour)
      ON CONFLICT (site_id, meter_id, first_hour) DO UPDATE
      SET hour_amounts = excluded.hour_amounts, hour_spreads = excluded.hour_spreads,
          day_amounts = excluded.day_amounts, day_spreads = excluded.day_spreads
    ), of_clouds AS (${movedIntoClouds(siteId)}
    )
    SELECT count(*) AS packed FROM moved`;
}

/** Adds the entries in the common table `moved` to the days of their clouds. */
function movedIntoClouds(siteId: number): Sql {
  return sql`
      INSERT INTO ledger.cloud_day AS had (site_id, cloud_id, resource_id, hour, amount, spread)
      SELECT ${siteId}, p.cloud_id, m.resource_id, moved.hour - moved.hour % 24, sum(moved.amount), sum(moved.spread)
      FROM moved
      JOIN ledger.meter m ON m.site_id = ${siteId} AND m.meter_id = moved.meter_id
      JOIN ledger.project p ON p.site_id = ${siteId} AND p.project_id = m.project_id
      GROUP BY 2, 3, 4
      ON CONFLICT (site_id, cloud_id, resource_id, hour) DO UPDATE
      SET amount = had.amount + excluded.amount, spread = had.spread + excluded.spread`;
}

/** Drops hours, and records from which hour on the site has them: an answer must not show a dropped hour as unused. */
async function dropHours(
  database: Queryable,
  { siteId, first, end }: MeterRange,
  beforeHour: number,
): Promise<number> {
  const { rows } = await database.query<{ dropped: string }>(sql`
    WITH dropped AS (UPDATE ledger.month SET hour_amounts = NULL, hour_spreads = NULL
    WHERE site_id = ${siteId} AND meter_id >= ${first}::int AND meter_id < ${end}::int
      AND last_hour < ${beforeHour}::int AND hour_amounts IS NOT NULL
    RETURNING last_hour
    ), noted AS (
      UPDATE ledger.site_state SET hours_from = greatest(hours_from, (SELECT max(last_hour) + 1 FROM dropped))
      WHERE site_id = ${siteId} AND EXISTS (SELECT FROM dropped)
    )
    SELECT count(*) AS dropped FROM dropped`);
  return Number(rows[0]?.dropped ?? 0);
}
