import { MS_PER_HOUR } from '../../../../../prometheus/usage-metrics.ts';
import { sql, type Queryable } from '../../../../database/sql.ts';
import type { HourAnomaly, MeterRecordQuery, Page } from '../../../ledger.ts';
import { viewOf } from '../view/view.ts';
import { cursorAt, pageOfPlaces, placeOf, type PlacedTable, type PlaceRecord } from './meter-places.ts';
import { ofWholeSites } from './whole-sites.ts';

interface AnomalyRecord extends PlaceRecord {
  count: number;
  correction: string;
  last_at_ms: string;
}

const ANOMALIES: PlacedTable = {
  name: sql`ledger.anomaly`,
  detail: sql`e.kind`,
  columns: sql`e.count, e.correction, e.last_at_ms`,
};

/** The anomalies of whole sites, the latest hours first. */
export async function queryAnomalies(trx: Queryable, asked: MeterRecordQuery): Promise<Page<HourAnomaly>> {
  const view = await viewOf(trx, ofWholeSites(asked));
  const records = await pageOfPlaces<AnomalyRecord>(trx, view, ANOMALIES);
  const shown = records.slice(0, asked.limit);
  const last = shown.at(-1);
  return {
    data: shown.map((row) => ({
      ...placeOf(row),
      kind: row.detail,
      count: row.count,
      correction: Number(BigInt(row.correction)) / MS_PER_HOUR,
      lastAtMs: Number(row.last_at_ms),
    })),
    next: records.length > asked.limit && last !== undefined ? cursorAt(last) : null,
  };
}
