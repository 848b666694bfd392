import { sql, type Kysely, type RawBuilder } from 'kysely';
import { numberArray } from './columns.ts';
import type { MeterRow } from './write-entries.ts';

/** Writes the last readings of meters; `added` are the ids of those that are new. */
export async function writeMeters(
  trx: Kysely<unknown>,
  siteId: number,
  meters: readonly MeterRow[],
  added: ReadonlySet<number>,
): Promise<void> {
  await insertMeters(
    trx,
    siteId,
    meters.filter(({ meterId }) => added.has(meterId)),
  );
  await moveMeters(
    trx,
    siteId,
    meters.filter(({ meterId }) => !added.has(meterId)),
  );
}

async function insertMeters(trx: Kysely<unknown>, siteId: number, rows: readonly MeterRow[]): Promise<void> {
  if (rows.length === 0) return;
  await sql`
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
      ${openHours(rows)})`.execute(trx);
}

/** No column that an index has is touched: a new version of a row finds room beside the old one (a HOT update). */
async function moveMeters(trx: Kysely<unknown>, siteId: number, rows: readonly MeterRow[]): Promise<void> {
  if (rows.length === 0) return;
  await sql`
    UPDATE ledger.meter m SET epoch_id = w.epoch_id, last_total = w.last_total, last_at_ms = w.last_at_ms,
      open_hour = w.open_hour, open_amount = w.open_amount, open_spread = w.open_spread
    FROM unnest(
      ${numberArray(rows.map(({ meterId }) => meterId))}::int[],
      ${numberArray(rows.map(({ epochId }) => epochId))}::int[],
      ${numberArray(rows.map(({ change }) => change.meter.lastTotal))}::numeric[],
      ${numberArray(rows.map(({ change }) => change.meter.lastAtMs))}::bigint[],
      ${openHours(rows)})
      AS w (meter_id, epoch_id, last_total, last_at_ms, open_hour, open_amount, open_spread)
    WHERE m.site_id = ${siteId} AND m.meter_id = w.meter_id`.execute(trx);
}

function openHours(rows: readonly MeterRow[]): RawBuilder<unknown> {
  return sql`
      ${numberArray(rows.map(({ hours }) => hours.open.hour))}::int[],
      ${numberArray(rows.map(({ hours }) => hours.open.amount))}::bigint[],
      ${numberArray(rows.map(({ hours }) => hours.open.spread))}::bigint[]`;
}
