import { sql, type Queryable } from '../../../../database/sql.ts';
import type { CloudProgress, Progress } from '../../../accounting/sites/progress.ts';
import type { Reading } from '../../../ledger.ts';
import { loadEpochsOf, type EpochRow } from './load-epochs.ts';
import { loadFlavors, loadResources } from './load-resources.ts';
import { IdMap, type IdCounter } from './site-ids.ts';

/** A site under our lock, with the progress of its clouds and the ids of its clouds, resources and epochs. */
export interface LockedSite {
  siteId: number;
  counter: IdCounter;
  /** By name of the cloud. */
  progress: ReadonlyMap<string, CloudProgress>;
  clouds: IdMap;
  /** By `resourceKey`. */
  resources: IdMap;
  /** By label. */
  flavors: IdMap;
  epochs: IdMap;
  /** By id: the names that the ledger had before the transaction. */
  cloudNames: ReadonlyMap<number, string>;
  /** By id: the `resourceKey`s that the ledger had before the transaction. */
  resourceKeys: ReadonlyMap<number, string>;
  /** By id: the epochs that readings and meters have needed so far. */
  knownEpochs: Map<number, EpochRow>;
}

/** Locks a site against other sweeps until the transaction ends, and loads the data that its projects share. */
export async function lockSite(
  trx: Queryable,
  site: string,
  readings: readonly Reading[],
): Promise<LockedSite> {
  const { siteId, counter } = await lockState(trx, site);
  const clouds = await loadClouds(trx, siteId);
  const resources = await loadResources(trx, siteId);
  const flavors = await loadFlavors(trx, siteId);
  const epochs = await loadEpochsOf(trx, siteId, readings);
  return {
    siteId,
    counter,
    progress: new Map(clouds.map(({ name, progress }) => [name, progress])),
    clouds: idsOf(clouds, counter),
    resources: idsOf(resources, counter),
    flavors: idsOf(flavors, counter),
    epochs: idsOf(epochs, counter),
    cloudNames: new Map(clouds.map(({ id, name }) => [id, name])),
    resourceKeys: new Map(resources.map(({ id, name }) => [id, name])),
    knownEpochs: new Map(epochs.map((epoch) => [epoch.id, epoch])),
  };
}

function idsOf(rows: readonly NamedRow[], counter: IdCounter): IdMap {
  return new IdMap(new Map(rows.map((row) => [row.name, row])), counter);
}

async function lockState(trx: Queryable, site: string): Promise<{ siteId: number; counter: IdCounter }> {
  const siteId = await siteIdOf(trx, site);
  const { rows } = await trx.query<{ next_id: number }>(sql`
    SELECT next_id FROM ledger.site_state WHERE site_id = ${siteId} FOR UPDATE`);
  const [row] = rows;
  if (row === undefined) throw new Error(`the site ${JSON.stringify(site)} has no state in the ledger`);
  return { siteId, counter: { next: row.next_id } };
}

/** Looked up by itself: with distributed tables, a statement that locks or changes a site's rows must name their key. */
export async function siteIdOf(trx: Queryable, site: string): Promise<number> {
  const { rows } = await trx.query<{ site_id: number }>(sql`
    SELECT site_id FROM ledger.site WHERE name = ${site}`);
  const [row] = rows;
  if (row === undefined) throw new Error(`the site ${JSON.stringify(site)} was not declared to the ledger`);
  return row.site_id;
}

interface NamedRow {
  id: number;
  name: string;
}

interface CloudRow extends NamedRow {
  progress: CloudProgress;
}

async function loadClouds(trx: Queryable, siteId: number): Promise<CloudRow[]> {
  const { rows } = await trx.query<{
    id: number;
    name: string;
    first_ms: string;
    prior_ms: string;
    last_ms: string;
    server_first_ms: string | null;
    server_prior_ms: string | null;
    server_last_ms: string | null;
  }>(sql`
    SELECT cloud_id AS id, name, first_ms, prior_ms, last_ms, server_first_ms, server_prior_ms, server_last_ms
    FROM ledger.cloud WHERE site_id = ${siteId}`);
  return rows.map(({ id, name, ...row }) => ({
    id,
    name,
    progress: {
      ...progressOf(row.first_ms, row.prior_ms, row.last_ms),
      serverHours:
        row.server_first_ms === null
          ? undefined
          : progressOf(row.server_first_ms, row.server_prior_ms, row.server_last_ms),
    },
  }));
}

function progressOf(firstMs: string, priorMs: string | null, lastMs: string | null): Progress {
  return { firstMs: Number(firstMs), priorMs: Number(priorMs), lastMs: Number(lastMs) };
}
