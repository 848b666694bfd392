import { sql, type Queryable } from '../../../database/sql.ts';
import { MS_PER_HOUR } from '../../../../prometheus/usage-metrics.ts';
import type { CoverageShares } from '../../ledger.ts';

interface ShareRecord {
  site: string;
  expected_ms: string;
  measured_ms: string;
  spread_ms: string;
}

/**
 * The coverage shares of declared sites, over their clouds that are not retired. A cloud counts from its first reading on;
 * without a reading before `toMs` it does not count. Both times are whole hours in Unix milliseconds.
 */
export async function queryCoverageShares(
  database: Queryable,
  fromMs: number,
  toMs: number,
): Promise<CoverageShares[]> {
  const { rows } = await database.query<ShareRecord>(sql`
    SELECT s.name AS site, sum(${toMs}::bigint - greatest(${fromMs}::bigint, c.first_ms)) AS expected_ms,
           sum(k.measured_ms) AS measured_ms, sum(k.spread_ms) AS spread_ms
    FROM ledger.cloud c JOIN ledger.site s USING (site_id)
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(measured_ms), 0) AS measured_ms, coalesce(sum(spread_ms), 0) AS spread_ms
      FROM ledger.site_hour h WHERE h.site_id = c.site_id AND h.cloud_id = c.cloud_id
        AND h.hour >= ${fromMs / MS_PER_HOUR}::int AND h.hour < ${toMs / MS_PER_HOUR}::int) k
    WHERE s.declared AND NOT c.retired AND c.first_ms < ${toMs}
    GROUP BY s.name ORDER BY s.name`);
  return rows.map(sharesOf);
}

function sharesOf({ site, ...sums }: ShareRecord): CoverageShares {
  const measured = Number(sums.measured_ms) / Number(sums.expected_ms);
  const spread = Number(sums.spread_ms) / Number(sums.expected_ms);
  return { site, measured, spread, missing: Math.max(0, 1 - measured - spread) };
}
