import { sql, type Queryable } from '../../../database/sql.ts';
import { distinctOf, eachInSteps, type Steps } from '../../../../prometheus/steps.ts';
import { inTurns } from '../../../../runtime/in-turns.ts';
import { admit, type SiteInventory } from '../../accounting/sweeps/admission.ts';
import type { ProjectName } from '../../accounting/sites/names.ts';
import type { SiteCaps } from '../../accounting/sites/site-caps.ts';
import { projectKey } from '../../accounting/sweeps/sweep.ts';
import type { Reading, Sweep } from '../../ledger.ts';
import { inBatches } from '../../../database/columns.ts';
import { siteIdOf } from './load/lock-site.ts';

/**
 * Refuses readings that would exceed the caps of a site in the ledger. Each fold decides for itself, so two folds at the
 * same time may exceed a cap by one sweep.
 */
export async function admitSweep(
  database: Queryable,
  site: string,
  sweep: Sweep,
  caps: SiteCaps,
): Promise<Sweep> {
  const siteId = await siteIdOf(database, site);
  const room = await roomOf(database, siteId, caps);
  if (await inTurns(fitsSurely(sweep.readings, room))) return sweep;
  const known = await loadKnown(database, siteId, sweep.readings);
  const { readings, refusals } = await inTurns(admit(sweep.readings, known, room));
  return { ...sweep, readings, refusals: [...sweep.refusals, ...refusals] };
}

/** The room that is left under the caps. */
async function roomOf(database: Queryable, siteId: number, caps: SiteCaps): Promise<SiteCaps> {
  const { rows } = await database.query<SiteCaps>(sql`
    SELECT (SELECT count(*) FROM ledger.project WHERE site_id = ${siteId})::int AS projects,
           (SELECT count(*) FROM ledger.cloud WHERE site_id = ${siteId})::int AS clouds,
           (SELECT count(*) FROM ledger.resource WHERE site_id = ${siteId})::int AS resources,
           (SELECT count(*) FROM ledger.epoch WHERE site_id = ${siteId})::int AS epochs,
           (SELECT count(*) FROM ledger.project_name WHERE site_id = ${siteId})::int AS names`);
  const has = rows[0] as SiteCaps;
  return {
    projects: caps.projects - has.projects,
    clouds: caps.clouds - has.clouds,
    resources: caps.resources - has.resources,
    epochs: caps.epochs - has.epochs,
    names: caps.names - has.names,
  };
}

/** Whether the readings fit even if everything in them is new. This is the usual case, and needs no further query. */
function* fitsSurely(readings: readonly Reading[], room: SiteCaps): Steps<boolean> {
  const distinct = {
    projects: new Set<string>(),
    clouds: new Set<string>(),
    resources: new Set<string>(),
    epochs: new Set<string>(),
  };
  yield* eachInSteps(readings, (reading) => {
    distinct.projects.add(reading.projectId);
    distinct.clouds.add(reading.cloud);
    distinct.resources.add(reading.resource);
    distinct.epochs.add(reading.epoch);
  });
  return (
    distinct.projects.size * distinct.clouds.size <= room.projects &&
    distinct.clouds.size <= room.clouds &&
    distinct.resources.size <= room.resources &&
    distinct.epochs.size <= room.epochs &&
    readings.length <= room.names
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
  const [clouds, resources, epochs] = await Promise.all([
    namesIn(database, siteId, sql`ledger.cloud`),
    namesIn(database, siteId, sql`ledger.resource`),
    namesIn(database, siteId, sql`ledger.epoch`),
  ]);
  return { projects, clouds, resources, epochs };
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
