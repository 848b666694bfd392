import { listOf } from '../../../../database/columns.ts';
import { prepared, sql, type Queryable } from '../../../../database/sql.ts';
import { distinctOf } from '../../../../../prometheus/steps.ts';
import { inTurns } from '../../../../../runtime/in-turns.ts';
import type { KnownClouds } from '../../../accounting/sites/clouds.ts';
import type { SiteCaps } from '../../../accounting/sites/site-caps.ts';
import type { Reading } from '../../../ledger.ts';

/** The size of a site in the ledger, its clouds, and the clouds of the epochs of readings. */
export interface SiteStock extends KnownClouds {
  counts: SiteCaps;
}

interface StockRecord extends Omit<SiteCaps, 'clouds'> {
  ofClouds: { id: number; name: string }[];
  /** The name of each epoch with the id of its cloud. */
  ofEpochs: { name: string; id: number | null }[];
}

export async function loadStock(
  database: Queryable,
  siteId: number,
  readings: readonly Reading[],
): Promise<SiteStock> {
  const epochs = [...(await inTurns(distinctOf(readings, ({ epoch }) => epoch)))];
  const { rows } = await database.query<StockRecord>(prepared`
    SELECT (SELECT count(*) FROM ledger.project WHERE site_id = ${siteId})::int AS projects,
           (SELECT count(*) FROM ledger.resource WHERE site_id = ${siteId} AND flavor_id = 0)::int AS resources,
           (SELECT count(*) FROM ledger.resource WHERE site_id = ${siteId} AND flavor_id > 0)::int AS "serverKinds",
           (SELECT count(*) FROM ledger.epoch WHERE site_id = ${siteId})::int AS epochs,
           (SELECT count(*) FROM ledger.project_name WHERE site_id = ${siteId})::int AS names,
           (SELECT meters FROM ledger.site_state WHERE site_id = ${siteId}) AS meters,
           ${listOf(sql`SELECT cloud_id AS id, name FROM ledger.cloud WHERE site_id = ${siteId}`)} AS "ofClouds",
           ${listOf(sql`
             SELECT name, cloud_id AS id FROM ledger.epoch WHERE site_id = ${siteId} AND name = ANY(${epochs}::text[])`)} AS "ofEpochs"`);
  const { ofClouds, ofEpochs, ...counts } = rows[0] as StockRecord;
  const clouds = new Map(ofClouds.map(({ id, name }) => [id, name]));
  const cloudOf = ({ name, id }: (typeof ofEpochs)[number]): [string, string][] => {
    const cloud = clouds.get(id ?? 0);
    return cloud === undefined ? [] : [[name, cloud]];
  };
  return {
    counts: { ...counts, clouds: clouds.size },
    read: new Set(clouds.values()),
    ofEpochs: new Map(ofEpochs.flatMap(cloudOf)),
  };
}
