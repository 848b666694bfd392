import { sql, type Kysely } from 'kysely';
import { MS_PER_HOUR } from '../../../prometheus/usage-metrics.ts';
import type { Discrepancy } from '../ledger.ts';

interface Difference {
  site: string;
  project_id: string;
  resource: string;
  difference: string;
}

/** Rule A7 for every meter: opening + entries + corrections − last total, where that is not zero. */
export async function verifyConservation(database: Kysely<unknown>): Promise<Discrepancy[]> {
  const { rows } = await sql<Difference>`
    SELECT s.name AS site, p.key AS project_id, r.name AS resource,
           m.opening + coalesce(e.amount, 0) + coalesce(a.correction, 0) - m.last_total AS difference
    FROM ledger.meter m
    JOIN ledger.site s USING (site_id)
    JOIN ledger.project p USING (site_id, project_id)
    JOIN ledger.resource r USING (site_id, resource_id)
    LEFT JOIN (SELECT site_id, meter_id, sum(amount) AS amount FROM ledger.entry GROUP BY site_id, meter_id) e
      USING (site_id, meter_id)
    LEFT JOIN (SELECT site_id, meter_id, sum(correction) AS correction FROM ledger.anomaly GROUP BY site_id, meter_id) a
      USING (site_id, meter_id)
    WHERE m.opening + coalesce(e.amount, 0) + coalesce(a.correction, 0) <> m.last_total
    ORDER BY s.name, p.key, r.name`.execute(database);
  return rows.map((row) => ({ ...row, difference: Number(BigInt(row.difference)) / MS_PER_HOUR }));
}
