import { MS_PER_HOUR } from '../../../../../prometheus/usage-metrics.ts';
import { BY_INDEX, numberArray } from '../../../../database/columns.ts';
import { sql, type Queryable } from '../../../../database/sql.ts';
import type { HourCorrection, MeterRecordQuery, Page } from '../../../ledger.ts';
import { viewOf } from '../view/view.ts';
import { cursorAt, pageOfPlaces, placeOf, type PlacedTable, type PlaceRecord } from './meter-places.ts';

interface CorrectionRecord extends PlaceRecord {
  booked_at_ms: string;
  amount: string;
  spread: string;
  /** Whether the ledger still has the hour. */
  is_kept: boolean;
}

const LATE_ENTRIES: PlacedTable = {
  name: sql`ledger.late_entry`,
  detail: sql`e.booked_at_ms::text COLLATE "C"`,
  columns: sql`
    e.booked_at_ms, e.amount, e.spread,
    (SELECT t.hours_from IS NULL OR e.hour >= t.hours_from FROM ledger.site_state t WHERE t.site_id = e.site_id) AS is_kept`,
};

/** What later readings changed in hours, the latest hours first. */
export async function queryCorrections(
  trx: Queryable,
  asked: MeterRecordQuery,
): Promise<Page<HourCorrection>> {
  const view = await viewOf(trx, asked);
  const records = await pageOfPlaces<CorrectionRecord>(trx, view, LATE_ENTRIES);
  const shown = records.slice(0, asked.limit);
  const last = shown.at(-1);
  const afterEach = await sumsAfter(trx, shown);
  return {
    data: shown.map((row, index) =>
      correctionOf(row, afterEach.get(index + 1) ?? { amount: 0n, spread: 0n }),
    ),
    next: records.length > asked.limit && last !== undefined ? cursorAt(last) : null,
  };
}

interface Sums {
  amount: bigint;
  spread: bigint;
}

/**
 * The sums of the hour after each correction, by its place in the list: what the hour is now, without later corrections. An
 * hour without usage has no row.
 */
async function sumsAfter(
  trx: Queryable,
  corrections: readonly CorrectionRecord[],
): Promise<Map<number, Sums>> {
  const { rows } = await trx.query<{ place: string; amount: string; spread: string }>(sql`
    WITH w AS (
      SELECT * FROM unnest(
        ${numberArray(corrections.map(({ site_id }) => site_id))}::int[],
        ${numberArray(corrections.map(({ meter_id }) => meter_id))}::int[],
        ${numberArray(corrections.map(({ hour }) => hour))}::int[],
        ${numberArray(corrections.map(({ booked_at_ms }) => BigInt(booked_at_ms)))}::bigint[]
      ) WITH ORDINALITY AS w (site_id, meter_id, hour, booked_at_ms, place)
    )
    SELECT place, sum(amount) AS amount, sum(spread) AS spread
    FROM (
      SELECT w.place, h.amount, h.spread FROM w CROSS JOIN LATERAL (
        SELECT amount, spread FROM ledger.hourly h
        WHERE h.site_id = w.site_id AND h.meter_id = w.meter_id AND h.hour = w.hour
          AND h.first_hour <= w.hour AND h.last_hour >= w.hour ${BY_INDEX}) h
      UNION ALL
      SELECT w.place, -l.amount, -l.spread FROM w CROSS JOIN LATERAL (
        SELECT amount, spread FROM ledger.late_entry l
        WHERE l.site_id = w.site_id AND l.meter_id = w.meter_id AND l.hour = w.hour
          AND l.booked_at_ms > w.booked_at_ms ${BY_INDEX}) l
    ) parts
    GROUP BY place`);
  return new Map(
    rows.map(({ place, amount, spread }) => [
      Number(place),
      { amount: BigInt(amount), spread: BigInt(spread) },
    ]),
  );
}

function correctionOf(row: CorrectionRecord, after: Sums): HourCorrection {
  const hours = (amountMs: bigint) => (row.is_kept ? Number(amountMs) / MS_PER_HOUR : undefined);
  return {
    ...placeOf(row),
    before: hours(after.amount - BigInt(row.amount)),
    after: hours(after.amount),
    spreadBefore: hours(after.spread - BigInt(row.spread)),
    spreadAfter: hours(after.spread),
    atMs: Number(row.booked_at_ms),
  };
}
