import { sql, type Kysely } from 'kysely';
import type { Entry } from '../accounting/entries.ts';
import type { HoursAfter } from '../accounting/open-hour.ts';
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
  hours: HoursAfter;
}

interface EntryRow extends Entry {
  meterId: number;
}

/** Adds the hours of meters that are over to their entries. */
export async function writeEntries(
  trx: Kysely<unknown>,
  siteId: number,
  meters: readonly MeterRow[],
): Promise<void> {
  let batch: EntryRow[] = [];
  for (const { meterId, hours } of meters) {
    for (const entry of hours.closed) {
      batch.push({ meterId, ...entry });
      if (batch.length < ENTRIES_PER_STATEMENT) continue;
      await writeBatch(trx, siteId, batch);
      batch = [];
    }
  }
  if (batch.length > 0) await writeBatch(trx, siteId, batch);
}

/** There is an entry already where late truth moved usage into the hour, or an older portal wrote one while it lasted. */
async function writeBatch(trx: Kysely<unknown>, siteId: number, batch: readonly EntryRow[]): Promise<void> {
  await sql`
    INSERT INTO ledger.entry AS had (site_id, meter_id, hour, amount, spread)
    SELECT ${siteId}, * FROM unnest(
      ${numberArray(batch.map(({ meterId }) => meterId))}::int[],
      ${numberArray(batch.map(({ hour }) => hour))}::int[],
      ${numberArray(batch.map(({ amount }) => amount))}::bigint[],
      ${numberArray(batch.map(({ spread }) => spread))}::bigint[])
    ON CONFLICT (site_id, meter_id, hour) DO UPDATE
    SET amount = had.amount + excluded.amount, spread = had.spread + excluded.spread`.execute(trx);
}
