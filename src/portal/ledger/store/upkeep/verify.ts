import { sql, type Queryable } from '../../../database/sql.ts';
import { MS_PER_HOUR } from '../../../../prometheus/usage-metrics.ts';
import type { Difference, Discrepancy } from '../../ledger.ts';
import { findOrphans } from './orphans.ts';
import { serverHoursThatDiffer } from './verify-server-hours.ts';

interface DifferenceRow {
  site: string;
  project_id: string;
  resource: string;
  difference: string;
}

/** Everything in the ledger that does not agree. */
export async function verifyLedger(database: Queryable): Promise<Discrepancy[]> {
  return [...(await findOrphans(database)), ...(await verifyConservation(database))];
}

/**
 * Checks rule A7 for every meter, and returns opening + entries + corrections − last total where it is not zero. It also
 * returns days − hours where a day is not the sum of its entries, or of the hours of its month, and the difference where a day of
 * a cloud is not the sum of its meters. For every project with server
 * hours it returns server hours × size − usage where rule S5 does not hold.
 */
async function verifyConservation(database: Queryable): Promise<Difference[]> {
  const { rows } = await database.query<DifferenceRow>(sql`
    WITH found AS (
      SELECT m.site_id, m.project_id, concat_ws(' ', r.name, f.label, nullif(r.state, '')) AS resource, d.difference
      FROM (${totalsThatDiffer} UNION ALL ${unpackedDaysThatDiffer} UNION ALL ${daysThatDiffer}) d
      JOIN ledger.meter m USING (site_id, meter_id)
      JOIN ledger.resource r USING (site_id, resource_id)
      LEFT JOIN ledger.flavor f USING (site_id, flavor_id)
      UNION ALL ${serverHoursThatDiffer}
      UNION ALL ${cloudsThatDiffer}
    )
    SELECT s.name AS site, coalesce(p.key, 'all projects') AS project_id, found.resource, found.difference
    FROM found JOIN ledger.site s USING (site_id) LEFT JOIN ledger.project p USING (site_id, project_id)
    ORDER BY s.name, p.key, found.resource`);
  return rows.map(({ project_id: projectId, difference, ...row }) => ({
    ...row,
    projectId,
    difference: Number(BigInt(difference)) / MS_PER_HOUR,
  }));
}

const totalsThatDiffer = sql`
  SELECT m.site_id, m.meter_id,
         m.opening + coalesce(e.amount, 0) + coalesce(a.correction, 0) - m.last_total AS difference
  FROM ledger.meter m
  LEFT JOIN (SELECT site_id, meter_id, sum(amount) AS amount FROM ledger.daily GROUP BY site_id, meter_id) e
    USING (site_id, meter_id)
  LEFT JOIN (SELECT site_id, meter_id, sum(correction) AS correction FROM ledger.anomaly GROUP BY site_id, meter_id) a
    USING (site_id, meter_id)
  WHERE m.opening + coalesce(e.amount, 0) + coalesce(a.correction, 0) <> m.last_total`;

const unpackedDaysThatDiffer = sql`
  SELECT site_id, meter_id, max(greatest(abs(amount), abs(spread))) AS difference
  FROM (
    SELECT site_id, meter_id, hour, sum(amount) AS amount, sum(spread) AS spread
    FROM (
      SELECT site_id, meter_id, hour, amount, spread FROM ledger.day
      UNION ALL SELECT site_id, meter_id, hour - hour % 24, -amount, -spread FROM ledger.entry
    ) sums
    GROUP BY site_id, meter_id, hour
  ) days
  WHERE amount <> 0 OR spread <> 0
  GROUP BY site_id, meter_id`;

/** Days of clouds that are not the sum of the packed days of their meters. */
const cloudsThatDiffer = sql`
  SELECT c.site_id, NULL::int AS project_id, concat_ws(' ', r.name, f.label, nullif(r.state, '')) AS resource,
         max(greatest(abs(c.amount), abs(c.spread))) AS difference
  FROM (
    SELECT site_id, cloud_id, resource_id, hour, sum(amount) AS amount, sum(spread) AS spread
    FROM (
      SELECT site_id, cloud_id, resource_id, hour, amount, spread FROM ledger.cloud_day
      UNION ALL
      SELECT m.site_id, p.cloud_id, m.resource_id, e.first_hour + 24 * (u.i::int - 1), -u.amount, -coalesce(u.spread, 0)
      FROM ledger.month e JOIN ledger.meter m USING (site_id, meter_id) JOIN ledger.project p USING (site_id, project_id),
           unnest(e.day_amounts, e.day_spreads) WITH ORDINALITY AS u (amount, spread, i)
    ) sums
    GROUP BY site_id, cloud_id, resource_id, hour
  ) c
  JOIN ledger.resource r USING (site_id, resource_id)
  LEFT JOIN ledger.flavor f USING (site_id, flavor_id)
  WHERE c.amount <> 0 OR c.spread <> 0
  GROUP BY c.site_id, c.cloud_id, c.resource_id, r.name, f.label, r.state`;

/** The larger of the differences in amounts and in spread amounts. Days may differ even if their sum does not. */
const daysThatDiffer = sql`
  SELECT site_id, meter_id, max(greatest(abs(amount), abs(spread))) AS difference
  FROM (
    SELECT m.site_id, m.meter_id, m.first_hour, (u.i - 1) / 24 AS day,
           m.day_amounts[(u.i - 1) / 24 + 1] - sum(u.amount) AS amount,
           coalesce(m.day_spreads[(u.i - 1) / 24 + 1], 0) - sum(coalesce(u.spread, 0)) AS spread
    FROM ledger.month m, unnest(m.hour_amounts, m.hour_spreads) WITH ORDINALITY AS u (amount, spread, i)
    GROUP BY m.site_id, m.meter_id, m.first_hour, (u.i - 1) / 24
  ) days
  WHERE amount <> 0 OR spread <> 0
  GROUP BY site_id, meter_id`;
