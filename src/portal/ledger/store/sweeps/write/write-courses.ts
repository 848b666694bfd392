import { prepared, type Transaction } from '../../../../database/sql.ts';
import type { CloudChange, CloudCourses } from '../../../accounting/sites/courses.ts';
import { numberArray } from '../../../../database/columns.ts';
import type { LockedSite } from '../load/lock-site.ts';
import { writeCoverage, type CoverageRow } from './write-coverage.ts';
import { writeCloudGaps, type CloudGapRow } from './write-gaps.ts';

interface CloudRow extends CloudChange {
  id: number;
  name: string;
}

/** Writes the progress of a site's clouds, with the coverage and the gaps on the way. */
export async function writeCourses(trx: Transaction, site: LockedSite, courses: CloudCourses): Promise<void> {
  const rows = [...courses].flatMap(([name, { change }]) =>
    change === undefined ? [] : [{ id: site.clouds.idOf(name), name, ...change }],
  );
  writeClouds(trx, site.siteId, rows);
  await writeCoverage(trx, site, coverageRows(rows));
  await writeCloudGaps(trx, site.siteId, gapRows(rows));
}

function* coverageRows(clouds: readonly CloudRow[]): Generator<CoverageRow> {
  for (const { id, coverage } of clouds) for (const hour of coverage.values()) yield { cloudId: id, ...hour };
}

function* gapRows(clouds: readonly CloudRow[]): Generator<CloudGapRow> {
  for (const { id, gaps } of clouds) for (const gap of gaps) yield { cloudId: id, ...gap };
}

function writeClouds(trx: Transaction, siteId: number, rows: readonly CloudRow[]): void {
  if (rows.length === 0) return;
  trx.send(prepared`
    INSERT INTO ledger.cloud
      (site_id, cloud_id, name, first_ms, prior_ms, last_ms, server_first_ms, server_prior_ms, server_last_ms)
    SELECT ${siteId}, * FROM unnest(
      ${numberArray(rows.map(({ id }) => id))}::int[],
      ${rows.map(({ name }) => name)}::text[],
      ${numberArray(rows.map(({ progress }) => progress.firstMs))}::bigint[],
      ${numberArray(rows.map(({ progress }) => progress.priorMs))}::bigint[],
      ${numberArray(rows.map(({ progress }) => progress.lastMs))}::bigint[],
      ${rows.map(({ progress }) => progress.serverHours?.firstMs ?? null)}::bigint[],
      ${rows.map(({ progress }) => progress.serverHours?.priorMs ?? null)}::bigint[],
      ${rows.map(({ progress }) => progress.serverHours?.lastMs ?? null)}::bigint[])
    ON CONFLICT (site_id, cloud_id) DO UPDATE
    SET prior_ms = excluded.prior_ms, last_ms = excluded.last_ms, server_first_ms = excluded.server_first_ms,
        server_prior_ms = excluded.server_prior_ms, server_last_ms = excluded.server_last_ms`);
}
