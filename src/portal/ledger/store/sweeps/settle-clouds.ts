import { sql, type Queryable } from '../../../database/sql.ts';
import { distinctOf } from '../../../../prometheus/steps.ts';
import { inTurns } from '../../../../runtime/in-turns.ts';
import { inTheirClouds } from '../../accounting/sites/clouds.ts';
import type { Sweep } from '../../ledger.ts';
import { inBatches } from '../../../database/columns.ts';
import { siteIdOf } from './load/lock-site.ts';

/**
 * Puts the readings of a sweep into their clouds. The ledger and the configuration (`configured`) tell which clouds
 * exist.
 */
export async function settleClouds(
  database: Queryable,
  site: string,
  sweep: Sweep,
  configured: ReadonlySet<string> | undefined,
): Promise<Sweep> {
  const siteId = await siteIdOf(database, site);
  const ofEpochs = new Map<string, string>();
  const read = new Set<string>();
  const learn = async (epochs: readonly string[]) => {
    const { rows } = await database.query<{ cloud: string; epochs: string[] | null }>(sql`
    SELECT c.name AS cloud, array_agg(e.name) FILTER (WHERE e.name IS NOT NULL) AS epochs
    FROM ledger.cloud c
    LEFT JOIN ledger.epoch e ON e.site_id = c.site_id AND e.cloud_id = c.cloud_id AND e.name = ANY(${epochs}::text[])
    WHERE c.site_id = ${siteId} GROUP BY c.name`);
    for (const { cloud, epochs: names } of rows) {
      read.add(cloud);
      for (const name of names ?? []) ofEpochs.set(name, cloud);
    }
  };
  await inBatches(await inTurns(distinctOf(sweep.readings, ({ epoch }) => epoch)), learn);
  const known = { ofEpochs, read, configured };
  return { ...sweep, readings: await inTurns(inTheirClouds(sweep.readings, known)) };
}
