import { sql, type Kysely } from 'kysely';
import type { NameState } from '../accounting/names.ts';
import type { CloudProgress } from '../accounting/progress.ts';
import { projectKey, type SiteBook } from '../accounting/sweep.ts';
import type { Reading } from '../ledger.ts';
import { numberArray } from './arrays.ts';
import { loadEpochs } from './load-epochs.ts';
import { loadMeters } from './load-meters.ts';
import { loadUsualHours, metersOfOtherEpochs } from './load-usual-hours.ts';
import { IdMap, type IdCounter } from './site-ids.ts';

/** A site under our lock: what accounting needs to know of it, and the ids of what it names. */
export interface LockedSite {
  siteId: number;
  counter: IdCounter;
  book: SiteBook;
  clouds: IdMap;
  resources: IdMap;
  epochs: IdMap;
  /** By `projectKey`. */
  projects: IdMap;
  /** By `meterKey`. */
  meters: IdMap;
}

type Transaction = Kysely<unknown>;

/** Locks a site against other sweeps until the transaction ends, and loads what these readings are about. */
export async function lockSite(
  trx: Transaction,
  site: string,
  readings: readonly Reading[],
): Promise<LockedSite> {
  const { siteId, counter } = await lockState(trx, site);
  const clouds = await loadClouds(trx, siteId);
  const resources = await loadResources(trx, siteId);
  const epochs = await loadEpochs(trx, siteId, readings);
  const projects = await loadProjects(trx, siteId, readings, clouds);
  const meters = await loadMeters(trx, siteId, projects);
  const knownEpochs = [...epochs, ...meters.map(({ epoch }) => epoch)];
  const usualHours = await loadUsualHours(trx, siteId, metersOfOtherEpochs(meters, readings));
  return {
    siteId,
    counter,
    book: {
      clouds: new Map(clouds.map(({ name, progress }) => [name, progress])),
      names: new Map(projects.map(({ key, name }) => [key, name])),
      meters: new Map(meters.map(({ key, state }) => [key, state])),
      epochs: new Map(knownEpochs.map(({ name, firstMs }) => [name, firstMs])),
      usualHours,
    },
    clouds: new IdMap(
      clouds.map(({ name, id }) => [name, id]),
      counter,
    ),
    resources: new IdMap(
      resources.map(({ name, id }) => [name, id]),
      counter,
    ),
    epochs: new IdMap(
      knownEpochs.map(({ name, id }) => [name, id]),
      counter,
    ),
    projects: new IdMap(
      projects.map(({ key, id }) => [key, id]),
      counter,
    ),
    meters: new IdMap(
      meters.map(({ key, id }) => [key, id]),
      counter,
    ),
  };
}

async function lockState(trx: Transaction, site: string): Promise<{ siteId: number; counter: IdCounter }> {
  const { rows } = await sql<{ site_id: number; next_id: number }>`
    SELECT t.site_id, t.next_id FROM ledger.site_state t JOIN ledger.site s USING (site_id)
    WHERE s.name = ${site} FOR UPDATE OF t`.execute(trx);
  const row = rows[0];
  if (row === undefined) throw new Error(`the site ${JSON.stringify(site)} was not declared to the ledger`);
  return { siteId: row.site_id, counter: { next: row.next_id } };
}

interface CloudRow {
  id: number;
  name: string;
  progress: CloudProgress;
}

async function loadClouds(trx: Transaction, siteId: number): Promise<CloudRow[]> {
  const { rows } = await sql<{
    id: number;
    name: string;
    first_ms: string;
    prior_ms: string;
    last_ms: string;
  }>`
    SELECT cloud_id AS id, name, first_ms, prior_ms, last_ms FROM ledger.cloud WHERE site_id = ${siteId}`.execute(
    trx,
  );
  return rows.map(({ id, name, first_ms, prior_ms, last_ms }) => ({
    id,
    name,
    progress: { firstMs: Number(first_ms), priorMs: Number(prior_ms), lastMs: Number(last_ms) },
  }));
}

interface NamedRow {
  id: number;
  name: string;
}

async function loadResources(trx: Transaction, siteId: number): Promise<NamedRow[]> {
  const { rows } = await sql<NamedRow>`
    SELECT resource_id AS id, name FROM ledger.resource WHERE site_id = ${siteId}`.execute(trx);
  return rows;
}

interface ProjectEntry {
  id: number;
  key: string;
  cloud: string;
  projectId: string;
  name: NameState;
}

async function loadProjects(
  trx: Transaction,
  siteId: number,
  readings: readonly Reading[],
  clouds: readonly CloudRow[],
): Promise<ProjectEntry[]> {
  const cloudIds = new Map(clouds.map(({ name, id }) => [name, id]));
  const cloudNames = new Map(clouds.map(({ name, id }) => [id, name]));
  const wanted = [...new Map(readings.map((reading) => [projectKey(reading), reading])).values()].filter(
    ({ cloud }) => cloudIds.has(cloud),
  );
  const { rows } = await sql<ProjectRecord>`
    SELECT p.project_id AS id, p.cloud_id, p.key, n.project_name, n.domain_id, n.domain_name, n.from_ms
    FROM unnest(${numberArray(wanted.map(({ cloud }) => cloudIds.get(cloud) ?? 0))}::int[],
                ${wanted.map(({ projectId }) => projectId)}::text[]) AS w (cloud_id, key)
    JOIN ledger.project p ON p.site_id = ${siteId} AND p.cloud_id = w.cloud_id AND p.key = w.key
    JOIN ledger.project_name n ON n.site_id = ${siteId} AND n.project_id = p.project_id AND n.to_ms IS NULL`.execute(
    trx,
  );
  return rows.map((row) => projectEntry(row, cloudNames.get(row.cloud_id) ?? ''));
}

interface ProjectRecord {
  id: number;
  cloud_id: number;
  key: string;
  project_name: string;
  domain_id: string;
  domain_name: string;
  from_ms: string;
}

function projectEntry(row: ProjectRecord, cloud: string): ProjectEntry {
  return {
    id: row.id,
    key: projectKey({ cloud, projectId: row.key }),
    cloud,
    projectId: row.key,
    name: {
      projectName: row.project_name,
      domainId: row.domain_id,
      domainName: row.domain_name,
      sinceMs: Number(row.from_ms),
    },
  };
}
