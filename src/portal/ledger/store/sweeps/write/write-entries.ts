import { sql, type Kysely } from 'kysely';
import { entriesOf, type Entry } from '../../../accounting/meters/entries.ts';
import { addToOpenHour } from '../../../accounting/meters/open-hour.ts';
import type { MeterChange } from '../../../accounting/sweeps/sweep.ts';
import { numberArray } from '../../database/columns.ts';

/** Entries in one statement: an ordinary part of a sweep is one, and a long gap does not fill the memory. */
const ENTRIES_PER_STATEMENT = 150_000;

/** A changed meter with its ids. */
export interface MeterRow {
  meterId: number;
  projectId: number;
  resourceId: number;
  epochId: number;
  change: MeterChange;
  /** As it was before the change. */
  openHour: Entry;
}

interface EntryRow extends Entry {
  meterId: number;
}

/** Adds the hours of meters that are over to their entries; resolves with the open hour that each meter has then. */
export async function writeEntries(
  trx: Kysely<unknown>,
  siteId: number,
  meters: readonly MeterRow[],
): Promise<Entry[]> {
  const open: Entry[] = [];
  let batch: EntryRow[] = [];
  for (const { meterId, openHour, change } of meters) {
    const hours = addToOpenHour(openHour, entriesOf(change.usages));
    let next = hours.next();
    for (; next.done !== true; next = hours.next()) {
      batch.push({ meterId, ...next.value });
      if (batch.length < ENTRIES_PER_STATEMENT) continue;
      await writeBatch(trx, siteId, batch);
      batch = [];
    }
    open.push(next.value);
  }
  if (batch.length > 0) await writeBatch(trx, siteId, batch);
  return open;
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
