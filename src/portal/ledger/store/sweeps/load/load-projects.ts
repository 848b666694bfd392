import type { Queryable } from '../../../../database/sql.ts';
import { eachInSteps } from '../../../../../prometheus/steps.ts';
import { inTurns } from '../../../../../runtime/in-turns.ts';
import type { NameState } from '../../../accounting/sites/names.ts';
import { projectKey, type ProjectIdentity } from '../../../accounting/meters/identity.ts';
import type { Reading } from '../../../ledger.ts';
import { BY_INDEX, numberArray, tagForList, valuesOfArray } from '../../../../database/columns.ts';
import type { LockedSite } from './lock-site.ts';

export interface KnownProject extends ProjectIdentity, NameState {
  id: number;
}

interface ProjectColumns {
  ids: string | null;
  /** Places in the list of wanted projects, from 1 on. */
  places: string | null;
  from_ms: string | null;
  project_names: string[] | null;
  domain_ids: string[] | null;
  domain_names: string[] | null;
}

/** The known projects of readings with their present names, by `projectKey`. */
export async function loadProjects(
  trx: Queryable,
  { siteId, clouds, cloudNames }: LockedSite,
  readings: readonly Reading[],
): Promise<Map<string, KnownProject>> {
  const inClouds = new Set(cloudNames.values());
  const distinct = new Map<string, Reading>();
  await inTurns(eachInSteps(readings, (reading) => void distinct.set(projectKey(reading), reading)));
  const wanted = [...distinct].filter(([, { cloud }]) => inClouds.has(cloud));
  const known = new Map<string, KnownProject>();
  if (wanted.length === 0) return known;
  const { rows } = await trx.query<ProjectColumns>(tagForList(wanted.length)`
    SELECT array_agg(p.project_id)::text AS ids, array_agg(w.place)::text AS places,
           array_agg(n.from_ms)::text AS from_ms, json_agg(n.project_name) AS project_names,
           json_agg(n.domain_id) AS domain_ids, json_agg(n.domain_name) AS domain_names
    FROM unnest(${numberArray(wanted.map(([, { cloud }]) => clouds.idOf(cloud)))}::int[],
                ${wanted.map(([, { projectId }]) => projectId)}::text[]) WITH ORDINALITY AS w (cloud_id, key, place)
    CROSS JOIN LATERAL (
      SELECT project_id FROM ledger.project
      WHERE site_id = ${siteId} AND cloud_id = w.cloud_id AND key = w.key ${BY_INDEX}) p
    CROSS JOIN LATERAL (
      SELECT from_ms, project_name, domain_id, domain_name FROM ledger.project_name
      WHERE site_id = ${siteId} AND project_id = p.project_id AND to_ms IS NULL ${BY_INDEX}) n`);
  for (const columns of rows) addProjects(known, columns, wanted);
  return known;
}

function addProjects(
  known: Map<string, KnownProject>,
  columns: ProjectColumns,
  wanted: readonly (readonly [string, Reading])[],
): void {
  const places = valuesOfArray(columns.places);
  const sinceMs = valuesOfArray(columns.from_ms);
  for (const [i, id] of valuesOfArray(columns.ids).entries()) {
    const [key, { cloud, projectId }] = wanted[Number(places[i]) - 1] as (typeof wanted)[number];
    known.set(key, {
      id: Number(id),
      cloud,
      projectId,
      projectName: columns.project_names?.[i] ?? '',
      domainId: columns.domain_ids?.[i] ?? '',
      domainName: columns.domain_names?.[i] ?? '',
      sinceMs: Number(sinceMs[i]),
    });
  }
}
