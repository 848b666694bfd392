import { prepared, type Queryable, type Transaction } from '../../../../database/sql.ts';
import { Pace } from '../../../../../prometheus/steps.ts';
import type { Entry } from '../../../accounting/meters/entries.ts';
import { closeHours } from '../../../accounting/meters/open-hour.ts';
import type { MeterChange } from '../../../accounting/sweeps/sweep.ts';
import { inBatches, numberArray } from '../../../../database/columns.ts';

/** A changed meter with its ids. */
export interface MeterRow {
  meterId: number;
  projectId: number;
  resourceId: number;
  epochId: number;
  change: MeterChange;
  /** The open hour before the change. */
  openHour: Entry;
}

export interface EntryRow extends Entry {
  meterId: number;
}

/** Adds the hours that are over to the entries of their meters. Returns the new open hour of each meter. */
export async function writeEntries(
  trx: Transaction,
  siteId: number,
  meters: readonly MeterRow[],
): Promise<Entry[]> {
  const open: Entry[] = [];
  await inBatches(closedHours(meters, open), async (batch) => await writeBatch(trx, siteId, batch));
  return open;
}

/** Yields the hours that are over, in steps. Adds the open hour of each meter to `open`. */
export function* closedHours(
  meters: readonly Pick<MeterRow, 'meterId' | 'openHour' | 'change'>[],
  open: Entry[],
): Generator<EntryRow | void> {
  const pace = new Pace();
  for (const { meterId, openHour, change } of meters) {
    const hours = closeHours(openHour, change.usages);
    let next = hours.next();
    for (; next.done !== true; next = hours.next()) yield next.value && { meterId, ...next.value };
    open.push(next.value);
    yield* pace.did(change.usages.length);
  }
}

/** An entry may exist already: from late readings, or from an older portal, which wrote it before the hour was over. */
async function writeBatch(trx: Transaction, siteId: number, batch: readonly EntryRow[]): Promise<void> {
  trx.send(prepared`
    INSERT INTO ledger.entry AS had (site_id, meter_id, hour, amount, spread)
    SELECT ${siteId}, * FROM unnest(
      ${numberArray(batch.map(({ meterId }) => meterId))}::int[],
      ${numberArray(batch.map(({ hour }) => hour))}::int[],
      ${numberArray(batch.map(({ amount }) => amount))}::bigint[],
      ${numberArray(batch.map(({ spread }) => spread))}::bigint[])
    ON CONFLICT (site_id, meter_id, hour) DO UPDATE
    SET amount = had.amount + excluded.amount, spread = had.spread + excluded.spread`);
  await addToDays(trx, siteId, batch);
}

/** Adds what is added to entries to the sums of their days, too. */
export async function addToDays(trx: Queryable, siteId: number, batch: readonly EntryRow[]): Promise<void> {
  await trx.query(prepared`
    INSERT INTO ledger.day AS had (site_id, meter_id, hour, amount, spread)
    SELECT ${siteId}, w.meter_id, w.hour - w.hour % 24, sum(w.amount), sum(w.spread) FROM unnest(
      ${numberArray(batch.map(({ meterId }) => meterId))}::int[],
      ${numberArray(batch.map(({ hour }) => hour))}::int[],
      ${numberArray(batch.map(({ amount }) => amount))}::bigint[],
      ${numberArray(batch.map(({ spread }) => spread))}::bigint[]) AS w (meter_id, hour, amount, spread)
    GROUP BY 2, 3
    ON CONFLICT (site_id, meter_id, hour) DO UPDATE
    SET amount = had.amount + excluded.amount, spread = had.spread + excluded.spread`);
}
