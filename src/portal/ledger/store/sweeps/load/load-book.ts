import type { Queryable } from '../../../../database/sql.ts';
import { inTurns } from '../../../../../runtime/in-turns.ts';
import { BY_INDEX, numberArray, tagForList } from '../../../../database/columns.ts';
import type { Reading } from '../../../ledger.ts';
import { addMeters, learnEpochs, type KnownMeter, type MeterColumns } from './load-meters.ts';
import { addProjects, wantedProjects, type KnownProject, type ProjectColumns } from './load-projects.ts';
import type { LockedSite } from './lock-site.ts';

/** The projects and meters of readings that the ledger has. */
export interface KnownOfPart {
  /** By `projectKey`. */
  projects: Map<string, KnownProject>;
  /** By `meterKey`. */
  meters: Map<string, KnownMeter>;
}

/**
 * Loads unknown epochs of the meters, too. The other meters of the projects stay in the database: a project may have
 * thousands of flavors and states.
 */
export async function loadBook(
  trx: Queryable,
  site: LockedSite,
  readings: readonly Reading[],
): Promise<KnownOfPart> {
  const known: KnownOfPart = { projects: new Map(), meters: new Map() };
  const wanted = await inTurns(wantedProjects(site, readings));
  if (wanted.length === 0) return known;
  const { siteId, clouds } = site;
  const { rows } = await trx.query<ProjectColumns & MeterColumns>(tagForList(readings.length)`
    WITH known AS MATERIALIZED (
      SELECT w.place, w.resources, p.project_id, n.from_ms, n.project_name, n.domain_id, n.domain_name
      FROM unnest(
        ${numberArray(wanted.map(({ cloud }) => clouds.idOf(cloud)))}::int[],
        ${wanted.map(({ projectId }) => projectId)}::text[],
        ${wanted.map(({ resources }) => [...resources].join(' '))}::text[])
        WITH ORDINALITY AS w (cloud_id, key, resources, place)
      CROSS JOIN LATERAL (
        SELECT project_id FROM ledger.project
        WHERE site_id = ${siteId} AND cloud_id = w.cloud_id AND key = w.key ${BY_INDEX}) p
      CROSS JOIN LATERAL (
        SELECT from_ms, project_name, domain_id, domain_name FROM ledger.project_name
        WHERE site_id = ${siteId} AND project_id = p.project_id AND to_ms IS NULL ${BY_INDEX}) n)
    SELECT projects.*, meters.*
    FROM (
      SELECT array_agg(place)::text AS places, array_agg(project_id)::text AS ids_of_projects,
             array_agg(from_ms)::text AS from_ms, json_agg(project_name) AS project_names,
             json_agg(domain_id) AS domain_ids, json_agg(domain_name) AS domain_names
      FROM known) projects
    CROSS JOIN (
      SELECT array_agg(meter_id)::text AS ids, array_agg(m.project_id)::text AS project_ids,
             array_agg(m.resource_id)::text AS resource_ids, array_agg(epoch_id)::text AS epoch_ids,
             array_agg(opening)::text AS openings, array_agg(last_total)::text AS last_totals,
             array_agg(first_at_ms)::text AS first_at_ms, array_agg(last_at_ms)::text AS last_at_ms,
             array_agg(open_hour)::text AS open_hours, array_agg(open_amount)::text AS open_amounts,
             array_agg(open_spread)::text AS open_spreads
      FROM known
      CROSS JOIN LATERAL unnest(string_to_array(known.resources, ' ')::int[]) AS r (resource_id)
      CROSS JOIN LATERAL (
        SELECT * FROM ledger.meter
        WHERE site_id = ${siteId} AND project_id = known.project_id AND resource_id = r.resource_id ${BY_INDEX}) m
    ) meters`);
  for (const {
    places,
    ids_of_projects,
    from_ms,
    project_names,
    domain_ids,
    domain_names,
    ...meters
  } of rows) {
    const projects = { places, ids_of_projects, from_ms, project_names, domain_ids, domain_names };
    addProjects(known.projects, projects, wanted);
    await learnEpochs(trx, site, meters);
    await inTurns(addMeters(known.meters, meters, site, known.projects.values()));
  }
  return known;
}
