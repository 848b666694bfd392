import { sql, type Queryable } from '../../../database/sql.ts';
import { distinctOf, eachInSteps, type Steps } from '../../../../prometheus/steps.ts';
import { inTurns } from '../../../../runtime/in-turns.ts';
import { admit, type SiteInventory } from '../../accounting/sweeps/admission.ts';
import { inTheirClouds, type KnownClouds } from '../../accounting/sites/clouds.ts';
import type { ProjectName } from '../../accounting/sites/names.ts';
import type { SiteCaps } from '../../accounting/sites/site-caps.ts';
import { meterKey, projectKey, resourceKey } from '../../accounting/meters/identity.ts';
import type { Reading, Sweep } from '../../ledger.ts';
import { inBatches, numberArray } from '../../../database/columns.ts';
import { loadResources } from './load/load-resources.ts';
import type { LockedSite } from './load/lock-site.ts';

/** Puts the readings of a sweep into their clouds, and refuses those that would exceed the caps of the site. */
export async function admitSweep(trx: Queryable, site: LockedSite, sweep: Sweep): Promise<Sweep> {
  const { siteId, caps, counts } = site;
  const settled = await inTurns(inTheirClouds(sweep.readings, knownClouds(site)));
  const room = roomUnder(caps, counts);
  if (await inTurns(fitsSurely(settled, room))) return { ...sweep, readings: settled };
  const known = await loadKnown(trx, siteId, settled);
  const { readings, refusals } = await inTurns(admit(settled, known, room));
  return { ...sweep, readings, refusals: [...sweep.refusals, ...refusals] };
}

function knownClouds({ cloudNames, knownEpochs, configured }: LockedSite): KnownClouds {
  const ofEpochs = new Map<string, string>();
  for (const { name, cloudId } of knownEpochs.values()) {
    const cloud = cloudNames.get(cloudId ?? 0);
    if (cloud !== undefined) ofEpochs.set(name, cloud);
  }
  return { ofEpochs, read: new Set(cloudNames.values()), configured };
}

function roomUnder(caps: SiteCaps, counts: SiteCaps): SiteCaps {
  return {
    projects: caps.projects - counts.projects,
    clouds: caps.clouds - counts.clouds,
    resources: caps.resources - counts.resources,
    serverKinds: caps.serverKinds - counts.serverKinds,
    epochs: caps.epochs - counts.epochs,
    names: caps.names - counts.names,
    meters: caps.meters - counts.meters,
  };
}

/** Whether the readings fit even if everything in them is new. This is the usual case, and needs no further query. */
function* fitsSurely(readings: readonly Reading[], room: SiteCaps): Steps<boolean> {
  const distinct = {
    projects: new Set<string>(),
    clouds: new Set<string>(),
    resources: new Set<string>(),
    serverKinds: new Set<string>(),
    epochs: new Set<string>(),
  };
  yield* eachInSteps(readings, (reading) => {
    distinct.projects.add(reading.projectId);
    distinct.clouds.add(reading.cloud);
    const { resources, serverKinds } = distinct;
    (reading.servers === undefined ? resources : serverKinds).add(resourceKey(reading));
    distinct.epochs.add(reading.epoch);
  });
  return (
    distinct.projects.size * distinct.clouds.size <= room.projects &&
    distinct.clouds.size <= room.clouds &&
    distinct.resources.size <= room.resources &&
    distinct.serverKinds.size <= room.serverKinds &&
    distinct.epochs.size <= room.epochs &&
    readings.length <= Math.min(room.names, room.meters)
  );
}

interface KnownProject {
  cloud: string;
  key: string;
  project_name: string;
  domain_id: string;
  domain_name: string;
}

async function loadKnown(
  database: Queryable,
  siteId: number,
  readings: readonly Reading[],
): Promise<SiteInventory> {
  const projects = new Map<string, ProjectName>();
  const learn = async (keys: readonly string[]) => {
    const { rows } = await database.query<KnownProject>(sql`
    SELECT c.name AS cloud, p.key, n.project_name, n.domain_id, n.domain_name
    FROM ledger.project p JOIN ledger.cloud c USING (site_id, cloud_id)
    JOIN ledger.project_name n ON n.site_id = p.site_id AND n.project_id = p.project_id AND n.to_ms IS NULL
    WHERE p.site_id = ${siteId} AND p.key = ANY(${keys}::text[])`);
    for (const { cloud, key, ...named } of rows)
      projects.set(projectKey({ cloud, projectId: key }), {
        projectName: named.project_name,
        domainId: named.domain_id,
        domainName: named.domain_name,
      });
  };
  await inBatches(await inTurns(distinctOf(readings, ({ projectId }) => projectId)), learn);
  const [clouds, all, epochs] = await Promise.all([
    namesIn(database, siteId, sql`ledger.cloud`),
    loadResources(database, siteId),
    namesIn(database, siteId, sql`ledger.epoch`),
  ]);
  const resources = new Set(all.map(({ name }) => name));
  return {
    projects,
    clouds,
    resources,
    serverKinds: resources,
    epochs,
    meters: await knownMeters(database, siteId, readings, new Map(all.map(({ id, name }) => [name, id]))),
  };
}

/** The meters of the readings that the ledger has, by `meterKey`. */
async function knownMeters(
  database: Queryable,
  siteId: number,
  readings: readonly Reading[],
  resources: ReadonlyMap<string, number>,
): Promise<Set<string>> {
  const known = new Set<string>();
  const distinct = new Map<string, Reading>();
  await inTurns(eachInSteps(readings, (reading) => void distinct.set(meterKey(reading), reading)));
  await inBatches(distinct.entries(), async (batch) => {
    const { rows } = await database.query<{ place: string }>(sql`
      SELECT w.place
      FROM unnest(
        ${batch.map(([, { cloud }]) => cloud)}::text[],
        ${batch.map(([, { projectId }]) => projectId)}::text[],
        ${numberArray(batch.map(([, reading]) => resources.get(resourceKey(reading)) ?? 0))}::int[])
        WITH ORDINALITY AS w (cloud, key, resource_id, place)
      JOIN ledger.cloud c ON c.site_id = ${siteId} AND c.name = w.cloud
      JOIN ledger.project p ON p.site_id = ${siteId} AND p.cloud_id = c.cloud_id AND p.key = w.key
      JOIN ledger.meter m
        ON m.site_id = ${siteId} AND m.project_id = p.project_id AND m.resource_id = w.resource_id`);
    for (const { place } of rows) known.add(batch[Number(place) - 1]?.[0] ?? '');
  });
  return known;
}

async function namesIn(
  database: Queryable,
  siteId: number,
  table: ReturnType<typeof sql>,
): Promise<Set<string>> {
  const { rows } = await database.query<{ name: string }>(sql`
    SELECT name FROM ${table} WHERE site_id = ${siteId}`);
  return new Set(rows.map(({ name }) => name));
}
