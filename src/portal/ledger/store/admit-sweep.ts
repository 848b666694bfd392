import { sql, type Kysely } from 'kysely';
import { admit, type KnownOfSite } from '../accounting/admission.ts';
import type { SiteCaps } from '../accounting/site-caps.ts';
import { projectKey } from '../accounting/sweep.ts';
import type { Reading, Sweep } from '../ledger.ts';

/**
 * Refuses what would make the ledger keep more of a site than its caps allow. Whoever folds next decides anew, so that
 * two who fold at once may exceed a cap by a sweep.
 */
export async function admitSweep(
  database: Kysely<unknown>,
  site: string,
  sweep: Sweep,
  caps: SiteCaps,
): Promise<Sweep> {
  const room = await roomOf(database, site, caps);
  if (room === undefined || fitsSurely(sweep.readings, room)) return sweep;
  const { readings, refusals } = admit(sweep.readings, await loadKnown(database, site, sweep.readings), room);
  return { ...sweep, readings, refusals: [...sweep.refusals, ...refusals] };
}

/** What is left of the caps; undefined where the site is not known. */
async function roomOf(
  database: Kysely<unknown>,
  site: string,
  caps: SiteCaps,
): Promise<SiteCaps | undefined> {
  const { rows } = await sql<SiteCaps>`
    SELECT (SELECT count(*) FROM ledger.project p WHERE p.site_id = s.site_id)::int AS projects,
           (SELECT count(*) FROM ledger.cloud c WHERE c.site_id = s.site_id)::int AS clouds,
           (SELECT count(*) FROM ledger.resource r WHERE r.site_id = s.site_id)::int AS resources,
           (SELECT count(*) FROM ledger.epoch e WHERE e.site_id = s.site_id)::int AS epochs,
           (SELECT count(*) FROM ledger.project_name n WHERE n.site_id = s.site_id)::int AS names
    FROM ledger.site s WHERE s.name = ${site}`.execute(database);
  const has = rows[0];
  if (has === undefined) return undefined;
  return {
    projects: caps.projects - has.projects,
    clouds: caps.clouds - has.clouds,
    resources: caps.resources - has.resources,
    epochs: caps.epochs - has.epochs,
    names: caps.names - has.names,
  };
}

/** Whether there is room though everything in the readings were new: the usual case, decided without a look at the rest. */
function fitsSurely(readings: readonly Reading[], room: SiteCaps): boolean {
  const distinct = {
    projects: new Set<string>(),
    clouds: new Set<string>(),
    resources: new Set<string>(),
    epochs: new Set<string>(),
  };
  for (const reading of readings) {
    distinct.projects.add(reading.projectId);
    distinct.clouds.add(reading.cloud);
    distinct.resources.add(reading.resource);
    distinct.epochs.add(reading.epoch);
  }
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
  database: Kysely<unknown>,
  site: string,
  readings: readonly Reading[],
): Promise<KnownOfSite> {
  const keys = [...new Set(readings.map(({ projectId }) => projectId))];
  const { rows } = await sql<KnownProject>`
    SELECT c.name AS cloud, p.key, n.project_name, n.domain_id, n.domain_name
    FROM ledger.site s JOIN ledger.project p USING (site_id) JOIN ledger.cloud c USING (site_id, cloud_id)
    JOIN ledger.project_name n ON n.site_id = p.site_id AND n.project_id = p.project_id AND n.to_ms IS NULL
    WHERE s.name = ${site} AND p.key = ANY(${keys}::text[])`.execute(database);
  const named = rows.map(
    ({ cloud, key, project_name, domain_id, domain_name }) =>
      [
        projectKey({ cloud, projectId: key }),
        { projectName: project_name, domainId: domain_id, domainName: domain_name },
      ] as const,
  );
  const [clouds, resources, epochs] = await Promise.all([
    namesIn(database, site, sql`ledger.cloud`),
    namesIn(database, site, sql`ledger.resource`),
    namesIn(database, site, sql`ledger.epoch`),
  ]);
  return { projects: new Map(named), clouds, resources, epochs };
}

async function namesIn(
  database: Kysely<unknown>,
  site: string,
  table: ReturnType<typeof sql>,
): Promise<Set<string>> {
  const { rows } = await sql<{ name: string }>`
    SELECT t.name FROM ${table} t JOIN ledger.site s USING (site_id) WHERE s.name = ${site}`.execute(
    database,
  );
  return new Set(rows.map(({ name }) => name));
}
