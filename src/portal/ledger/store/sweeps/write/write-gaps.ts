import { raw, sql, type Queryable, type Transaction } from '../../../../database/sql.ts';
import type { Interval, MeterGap } from '../../../accounting/meters/gap.ts';
import { writeInBatches, numberArray } from '../../../../database/columns.ts';
import type { LockedSite } from '../load/lock-site.ts';

export interface CloudGapRow extends Interval {
  cloudId: number;
}

export interface MeterGapRow extends MeterGap {
  meterId: number;
}

export async function writeCloudGaps(
  trx: Transaction,
  siteId: number,
  gaps: Iterable<CloudGapRow>,
): Promise<void> {
  await writeInBatches(
    trx,
    gaps,
    (rows) => sql`
    INSERT INTO ledger.cloud_gap (site_id, cloud_id, from_ms, to_ms)
    SELECT ${siteId}, * FROM unnest(
      ${numberArray(rows.map(({ cloudId }) => cloudId))}::int[],
      ${numberArray(rows.map(({ fromMs }) => fromMs))}::bigint[],
      ${numberArray(rows.map(({ toMs }) => toMs))}::bigint[])`,
  );
}

export async function writeMeterGaps(
  trx: Transaction,
  { siteId, epochs }: LockedSite,
  gaps: Iterable<MeterGapRow>,
): Promise<void> {
  await writeInBatches(
    trx,
    gaps,
    (rows) => sql`
    INSERT INTO ledger.meter_gap
      (site_id, meter_id, to_ms, from_ms, from_epoch_id, to_epoch_id, from_total, to_total, amount)
    SELECT ${siteId}, * FROM unnest(
      ${numberArray(rows.map(({ meterId }) => meterId))}::int[],
      ${numberArray(rows.map(({ toMs }) => toMs))}::bigint[],
      ${numberArray(rows.map(({ fromMs }) => fromMs))}::bigint[],
      ${numberArray(rows.map(({ fromEpoch }) => epochs.idOf(fromEpoch)))}::int[],
      ${numberArray(rows.map(({ toEpoch }) => epochs.idOf(toEpoch)))}::int[],
      ${numberArray(rows.map(({ fromTotal }) => fromTotal))}::numeric[],
      ${numberArray(rows.map(({ toTotal }) => toTotal))}::numeric[],
      ${numberArray(rows.map(({ amount }) => amount))}::bigint[])`,
  );
}

/** Removes gaps of meters or clouds; they are known by their ends. */
export async function removeGaps(
  trx: Transaction,
  siteId: number,
  of: 'meter' | 'cloud',
  gaps: Iterable<{ id: number; toMs: number }>,
): Promise<void> {
  const [table, id] = [raw(`ledger.${of}_gap`), raw(`${of}_id`)];
  await writeInBatches(
    trx,
    gaps,
    (rows) => sql`
    DELETE FROM ${table} g
    USING unnest(
      ${numberArray(rows.map((row) => row.id))}::int[],
      ${numberArray(rows.map(({ toMs }) => toMs))}::bigint[]) AS w (id, to_ms)
    WHERE g.site_id = ${siteId} AND g.${id} = w.id AND g.to_ms = w.to_ms`,
  );
}

/** Removes gaps of meters and clouds that ended before an instant. Returns the number of gaps of clouds. */
export async function expireGaps(database: Queryable, beforeMs: number): Promise<number> {
  await database.query(sql`DELETE FROM ledger.meter_gap WHERE to_ms < ${beforeMs}::bigint`);
  const { rowCount } = await database.query(
    sql`DELETE FROM ledger.cloud_gap WHERE to_ms < ${beforeMs}::bigint`,
  );
  return rowCount ?? 0;
}
