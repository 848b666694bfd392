import { sql, type Queryable } from '../../../database/sql.ts';
import { eachInSteps } from '../../../../prometheus/steps.ts';
import { inTurns } from '../../../../runtime/in-turns.ts';
import type { Reading } from '../../ledger.ts';
import { numberArray } from '../../../database/columns.ts';

/**
 * Whether any reading is older than the last one of its cloud and lies inside an open gap. Such readings come late from a
 * replica that lags behind. Usually no reading is older, or it was read before, and one small query is enough.
 */
export async function mayFillGaps(
  database: Queryable,
  siteId: number,
  readings: readonly Reading[],
): Promise<boolean> {
  const older = await olderThanLast(database, siteId, readings);
  if (older.size === 0) return false;
  const instants = numberArray([...older]);
  const { rows } = await database.query<{ open: boolean }>(sql`
    SELECT EXISTS (
      SELECT FROM unnest(${instants}::bigint[]) AS w (at_ms), ledger.cloud_gap g
      WHERE g.site_id = ${siteId} AND g.from_ms < w.at_ms AND g.to_ms > w.at_ms
    ) OR EXISTS (
      SELECT FROM unnest(${instants}::bigint[]) AS w (at_ms), ledger.meter_gap g
      WHERE g.site_id = ${siteId} AND g.from_ms < w.at_ms AND g.to_ms > w.at_ms
    ) AS open`);
  return rows[0]?.open === true;
}

/** The instants of readings that are older than the last reading of their cloud. */
async function olderThanLast(
  database: Queryable,
  siteId: number,
  readings: readonly Reading[],
): Promise<Set<number>> {
  const { rows } = await database.query<{ name: string; prior_ms: string; last_ms: string }>(sql`
    SELECT name, prior_ms, last_ms FROM ledger.cloud WHERE site_id = ${siteId}`);
  const clouds = new Map(rows.map(({ name, ...at }) => [name, at]));
  const older = new Set<number>();
  const look = ({ cloud, atMs }: Reading) => {
    const known = clouds.get(cloud);
    if (known !== undefined && atMs < Number(known.last_ms) && atMs !== Number(known.prior_ms))
      older.add(atMs);
  };
  await inTurns(eachInSteps(readings, look));
  return older;
}
