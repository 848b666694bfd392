import { sql, type Kysely } from 'kysely';
import { entriesOf, type Entry } from '../accounting/entries.ts';
import type { MeterChange } from '../accounting/sweep.ts';
import { numberArray } from './columns.ts';

/** Entries in one statement: an ordinary part of a sweep is one, and a long gap does not fill the memory. */
const ENTRIES_PER_STATEMENT = 150_000;

/** A changed meter with its ids. */
export interface MeterRow {
  meterId: number;
  projectId: number;
  resourceId: number;
  epochId: number;
  change: MeterChange;
}

interface EntryRow extends Entry {
  meterId: number;
}

/** Adds the usages of meters to their hours. */
export async function writeEntries(
  trx: Kysely<unknown>,
  siteId: number,
  meters: readonly MeterRow[],
): Promise<void> {
  let batch: EntryRow[] = [];
  for (const { meterId, change } of meters) {
    for (const entry of entriesOf(change.usages)) {
      batch.push({ meterId, ...entry });
      if (batch.length < ENTRIES_PER_STATEMENT) continue;
      await writeBatch(trx, siteId, batch);
      batch = [];
    }
  }
  if (batch.length > 0) await writeBatch(trx, siteId, batch);
}

/** Almost always there is an entry already: to add to it in place takes half of what an upsert does. */
async function writeBatch(trx: Kysely<unknown>, siteId: number, batch: readonly EntryRow[]): Promise<void> {
  await sql`
    WITH gained AS MATERIALIZED (
      SELECT * FROM unnest(
        ${numberArray(batch.map(({ meterId }) => meterId))}::int[],
        ${numberArray(batch.map(({ hour }) => hour))}::int[],
        ${numberArray(batch.map(({ amount }) => amount))}::bigint[],
        ${numberArray(batch.map(({ spread }) => spread))}::bigint[]) AS w (meter_id, hour, amount, spread)
    ), added AS (
      UPDATE ledger.entry had SET amount = had.amount + g.amount, spread = had.spread + g.spread
      FROM gained g WHERE had.site_id = ${siteId} AND had.meter_id = g.meter_id AND had.hour = g.hour
      RETURNING had.meter_id, had.hour
    )
    INSERT INTO ledger.entry (site_id, meter_id, hour, amount, spread)
    SELECT ${siteId}, g.* FROM gained g
    WHERE NOT EXISTS (SELECT FROM added a WHERE a.meter_id = g.meter_id AND a.hour = g.hour)`.execute(trx);
}
