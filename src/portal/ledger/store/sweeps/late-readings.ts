import { sql, type Queryable } from '../../../database/sql.ts';
import { eachInSteps } from '../../../../prometheus/steps.ts';
import { inTurns } from '../../../../runtime/in-turns.ts';
import { numberArray } from '../../../database/columns.ts';
import type { Reading } from '../../ledger.ts';
import type { LockedSite } from './load/lock-site.ts';

/**
 * Whether any reading is older than the last one of its cloud and lies inside an open gap. Such readings come late from a
 * replica that lags behind. Usually no reading is older, or it was read before, and no query is needed.
 */
export async function mayFillGaps(
  trx: Queryable,
  site: Pick<LockedSite, 'siteId' | 'progress'>,
  readings: readonly Reading[],
): Promise<boolean> {
  const older = await olderThanLast(site, readings);
  if (older.size === 0) return false;
  const instants = numberArray([...older]);
  const { rows } = await trx.query<{ open: boolean }>(sql`
    SELECT EXISTS (
      SELECT FROM unnest(${instants}::bigint[]) AS w (at_ms), ledger.cloud_gap g
      WHERE g.site_id = ${site.siteId} AND g.from_ms < w.at_ms AND g.to_ms > w.at_ms
    ) OR EXISTS (
      SELECT FROM unnest(${instants}::bigint[]) AS w (at_ms), ledger.meter_gap g
      WHERE g.site_id = ${site.siteId} AND g.from_ms < w.at_ms AND g.to_ms > w.at_ms
    ) AS open`);
  return rows[0]?.open === true;
}

/** The instants of readings that are older than the last reading of their cloud. */
async function olderThanLast(
  { progress }: Pick<LockedSite, 'progress'>,
  readings: readonly Reading[],
): Promise<Set<number>> {
  const older = new Set<number>();
  const look = ({ cloud, atMs }: Reading) => {
    const known = progress.get(cloud);
    if (known !== undefined && atMs < known.lastMs && atMs !== known.priorMs) older.add(atMs);
  };
  await inTurns(eachInSteps(readings, look));
  return older;
}
