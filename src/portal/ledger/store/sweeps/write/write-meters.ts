import { sql, type Queryable } from '../../../../database/sql.ts';
import type { Entry } from '../../../accounting/meters/entries.ts';
import { numberArray } from '../../../../database/columns.ts';
import type { MeterRow } from './write-entries.ts';

/**
 * Writes the last readings of meters, known or new, each with its open hour. No column that an index has is changed: a new version of a row finds room
 * beside the old one (a HOT update). It is an upsert since that finds each row by its key, whatever PostgreSQL thinks of the
 * table's size; an UPDATE that joins a list reads all rows of the site for each part of a sweep.
 */
export async function writeMeters(
  trx: Queryable,
  siteId: number,
  rows: readonly MeterRow[],
  open: readonly Entry[],
): Promise<void> {
  if (rows.length === 0) return;
  await trx.query(sql`
    INSERT INTO ledger.meter
      (site_id, meter_id, project_id, resource_id, epoch_id, opening, last_total, first_at_ms, last_at_ms,
       open_hour, open_amount, open_spread)
    SELECT ${siteId}, * FROM unnest(
      ${numberArray(rows.map(({ meterId }) => meterId))}::int[],
      ${numberArray(rows.map(({ projectId }) => projectId))}::int[],
      ${numberArray(rows.map(({ resourceId }) => resourceId))}::int[],
      ${numberArray(rows.map(({ epochId }) => epochId))}::int[],
      ${numberArray(rows.map(({ change }) => change.meter.opening))}::numeric[],
      ${numberArray(rows.map(({ change }) => change.meter.lastTotal))}::numeric[],
      ${numberArray(rows.map(({ change }) => change.meter.firstAtMs))}::bigint[],
      ${numberArray(rows.map(({ change }) => change.meter.lastAtMs))}::bigint[],
      ${numberArray(open.map(({ hour }) => hour))}::int[],
      ${numberArray(open.map(({ amount }) => amount))}::bigint[],
      ${numberArray(open.map(({ spread }) => spread))}::bigint[])
    ON CONFLICT (site_id, meter_id) DO UPDATE
    SET epoch_id = excluded.epoch_id, last_total = excluded.last_total, last_at_ms = excluded.last_at_ms,
        open_hour = excluded.open_hour, open_amount = excluded.open_amount, open_spread = excluded.open_spread`);
}
