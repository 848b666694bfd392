import { prepared, type Transaction } from '../../../../database/sql.ts';
import type { Entry } from '../../../accounting/meters/entries.ts';
import { numberArray } from '../../../../database/columns.ts';
import type { MeterRow } from './write-entries.ts';

/**
 * Writes the last readings of known and new meters, each with its open hour. It changes no indexed column, so that the new
 * version of a row can stay beside the old one (a HOT update). An upsert always finds each row by its key; an UPDATE that
 * joins a list may read all rows of the site for each part of a sweep, depending on PostgreSQL's estimates.
 */
export function writeMeters(
  trx: Transaction,
  siteId: number,
  rows: readonly MeterRow[],
  open: readonly Entry[],
): void {
  if (rows.length === 0) return;
  trx.send(prepared`
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
