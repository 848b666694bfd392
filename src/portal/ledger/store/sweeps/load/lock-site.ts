import { prepared, sql, type Queryable, type Sql } from '../../../../database/sql.ts';
import { distinctOf } from '../../../../../prometheus/steps.ts';
import { inTurns } from '../../../../../runtime/in-turns.ts';
import { listOf } from '../../../../database/columns.ts';
import type { CloudProgress, Progress } from '../../../accounting/sites/progress.ts';
import type { SiteCaps } from '../../../accounting/sites/site-caps.ts';
import type { Reading, SweepRun } from '../../../ledger.ts';
import { epochRow, epochsNamed, type EpochRecord, type EpochRow } from './load-epochs.ts';
import {
  flavorsOf,
  knownResources,
  resourcesOf,
  type FlavorRecord,
  type ResourceRecord,
} from './load-resources.ts';
import { runColumns, runOf, type RunRecord } from './load-run.ts';
import { IdMap, type IdCounter } from './site-ids.ts';
import { siteRules, siteWithId, type SiteRecord, type SiteRules } from './site-rules.ts';

/** A site under our lock, with the progress of its clouds and the ids of its clouds, resources and epochs. */
export interface LockedSite extends SiteRules {
  siteId: number;
  counter: IdCounter;
  /** The run of sweeps up to the last one; undefined before the first. */
  run: SweepRun | undefined;
  /** The size of the site before the transaction. */
  counts: SiteCaps;
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
  siteId: number,
  readings: readonly Reading[],
): Promise<LockedSite> {
  const [state, shared] = await Promise.all([lockState(trx, siteId), loadShared(trx, siteId, readings)]);
  const { rules, clouds, resources, flavors, epochs, counts } = shared;
  const counter = { next: state.next_id };
  return {
    ...rules,
    siteId,
    counter,
    run: runOf(state),
    counts: { ...counts, projects: state.projects, meters: state.meters },
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

interface StateRecord extends RunRecord {
  next_id: number;
  projects: number;
  meters: number;
}

async function lockState(trx: Queryable, siteId: number): Promise<StateRecord> {
  const { rows } = await trx.query<StateRecord>(prepared`
    SELECT next_id, projects, meters, ${runColumns} FROM ledger.site_state WHERE site_id = ${siteId} FOR UPDATE`);
  const [row] = rows;
  if (row === undefined) throw new Error(`the site ${siteId} has no state in the ledger`);
  return row;
}

/** Looked up by itself: with distributed tables, a statement that locks or changes a site's rows must name their key. */
export async function siteIdOf(trx: Queryable, site: string): Promise<number> {
  const { rows } = await trx.query<{ site_id: number }>(sql`
    SELECT site_id FROM ledger.site WHERE name = ${site}`);
  const [row] = rows;
  if (row === undefined) throw new Error(`the site ${JSON.stringify(site)} was not declared to the ledger`);
  return row.site_id;
}

interface SharedRecord {
  site: SiteRecord[];
  clouds: CloudRecord[];
  resources: ResourceRecord[];
  flavors: FlavorRecord[];
  epochs: EpochRecord[];
  epoch_count: number;
  name_count: number;
}

/** In one statement of its own: one that waits for the lock itself would see the site as it was before the wait. */
async function loadShared(trx: Queryable, siteId: number, readings: readonly Reading[]) {
  const names = [...(await inTurns(distinctOf(readings, ({ epoch }) => epoch)))];
  const { rows } = await trx.query<SharedRecord>(prepared`
    SELECT ${listOf(siteWithId(siteId))} AS site,
           ${listOf(cloudsOf(siteId))} AS clouds, ${listOf(resourcesOf(siteId))} AS resources,
           ${listOf(flavorsOf(siteId))} AS flavors, ${listOf(epochsNamed(siteId, names))} AS epochs,
           (SELECT count(*) FROM ledger.epoch WHERE site_id = ${siteId})::int AS epoch_count,
           (SELECT count(*) FROM ledger.project_name WHERE site_id = ${siteId})::int AS name_count`);
  const { site, clouds, resources, flavors, epochs, epoch_count, name_count } = rows[0] as SharedRecord;
  const serverKinds = resources.filter(({ flavor_id }) => flavor_id > 0).length;
  return {
    rules: siteRules(site[0] as SiteRecord),
    clouds: clouds.map(cloudRow),
    resources: knownResources(resources, flavors),
    flavors,
    epochs: epochs.map(epochRow),
    counts: {
      clouds: clouds.length,
      resources: resources.length - serverKinds,
      serverKinds,
      epochs: epoch_count,
      names: name_count,
    },
  };
}

interface NamedRow {
  id: number;
  name: string;
}

interface CloudRow extends NamedRow {
  progress: CloudProgress;
}

interface CloudRecord extends NamedRow {
  first_ms: number;
  prior_ms: number;
  last_ms: number;
  server_first_ms: number | null;
  server_prior_ms: number | null;
  server_last_ms: number | null;
}

function cloudsOf(siteId: number): Sql {
  return sql`
    SELECT cloud_id AS id, name, first_ms, prior_ms, last_ms, server_first_ms, server_prior_ms, server_last_ms
    FROM ledger.cloud WHERE site_id = ${siteId}`;
}

function cloudRow({ id, name, ...row }: CloudRecord): CloudRow {
  return {
    id,
    name,
    progress: {
      ...progressOf(row.first_ms, row.prior_ms, row.last_ms),
      serverHours:
        row.server_first_ms === null
          ? undefined
          : progressOf(row.server_first_ms, row.server_prior_ms, row.server_last_ms),
    },
  };
}

function progressOf(firstMs: number, priorMs: number | null, lastMs: number | null): Progress {
  return { firstMs, priorMs: Number(priorMs), lastMs: Number(lastMs) };
}
