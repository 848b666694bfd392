import { sql, type Transaction } from '../../../../database/sql.ts';
import { hourBefore } from '../../../accounting/meters/hours.ts';
import type { Anomaly } from '../../../accounting/meters/meter.ts';
import { writeInBatches, numberArray } from '../../../../database/columns.ts';
import type { MeterRow } from './write-entries.ts';

export interface AnomalyRow extends Anomaly {
  meterId: number;
}

export function* anomalyRows(meters: readonly MeterRow[]): Generator<AnomalyRow> {
  for (const { meterId, change } of meters)
    for (const anomaly of change.anomalies) yield { meterId, ...anomaly };
}

/** Adds up anomalies by meter, hour and kind. */
export async function writeAnomalies(
  trx: Transaction,
  siteId: number,
  anomalies: Iterable<AnomalyRow>,
): Promise<void> {
  await writeInBatches(
    trx,
    anomalies,
    (rows) => sql`
    INSERT INTO ledger.anomaly AS had (site_id, meter_id, hour, kind, count, correction, last_at_ms)
    SELECT ${siteId}, w.meter_id, w.hour, w.kind, count(*), sum(w.correction), max(w.at_ms)
    FROM unnest(
      ${numberArray(rows.map(({ meterId }) => meterId))}::int[],
      ${numberArray(rows.map(({ atMs }) => hourBefore(atMs)))}::int[],
      ${rows.map(({ kind }) => kind)}::text[],
      ${numberArray(rows.map(({ correction }) => correction))}::numeric[],
      ${numberArray(rows.map(({ atMs }) => atMs))}::bigint[]) AS w (meter_id, hour, kind, correction, at_ms)
    GROUP BY w.meter_id, w.hour, w.kind
    ON CONFLICT (site_id, meter_id, hour, kind) DO UPDATE
    SET count = had.count + excluded.count, correction = had.correction + excluded.correction,
        last_at_ms = greatest(had.last_at_ms, excluded.last_at_ms)`,
  );
}
