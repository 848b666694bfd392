import { prepared, type Transaction } from '../../../../database/sql.ts';
import type { HourCoverage } from '../../../accounting/sites/progress.ts';
import { writeInBatches, numberArray } from '../../../../database/columns.ts';
import type { LockedSite } from '../load/lock-site.ts';

export interface CoverageRow extends HourCoverage {
  cloudId: number;
}

/** Adds to the coverage of hours. The table has one row for each hour of a cloud. */
export async function writeCoverage(
  trx: Transaction,
  { siteId }: LockedSite,
  hours: Iterable<CoverageRow>,
): Promise<void> {
  await writeInBatches(
    trx,
    hours,
    (rows) => prepared`
    INSERT INTO ledger.site_hour AS had (site_id, cloud_id, hour, measured_ms, spread_ms)
    SELECT ${siteId}, w.cloud_id, w.hour, sum(w.measured_ms), sum(w.spread_ms) FROM unnest(
      ${numberArray(rows.map(({ cloudId }) => cloudId))}::int[],
      ${numberArray(rows.map(({ hour }) => hour))}::int[],
      ${numberArray(rows.map(({ measuredMs }) => measuredMs))}::int[],
      ${numberArray(rows.map(({ spreadMs }) => spreadMs))}::int[]) AS w (cloud_id, hour, measured_ms, spread_ms)
    GROUP BY w.cloud_id, w.hour
    ON CONFLICT (site_id, cloud_id, hour) DO UPDATE
    SET measured_ms = had.measured_ms + excluded.measured_ms, spread_ms = had.spread_ms + excluded.spread_ms`,
  );
}
