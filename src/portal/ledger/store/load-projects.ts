import { sql, type Kysely } from 'kysely';
import type { NameState } from '../accounting/names.ts';
import { projectKey, type ProjectIdentity } from '../accounting/sweep.ts';
import type { Reading } from '../ledger.ts';
import { numberArray, valuesOfArray } from './columns.ts';
import type { LockedSite } from './lock-site.ts';

export interface KnownProject extends ProjectIdentity {
  id: number;
  /** By `projectKey`. */
  key: string;
  name: NameState;
}

interface ProjectColumns {
  ids: string | null;
  cloud_ids: string | null;
  from_ms: string | null;
  keys: string[] | null;
  project_names: string[] | null;
  domain_ids: string[] | null;
  domain_names: string[] | null;
}

/** The projects that readings are about, as far as the ledger knows them, with their present names. */
export async function loadProjects(
  trx: Kysely<unknown>,
  { siteId, clouds, cloudNames }: LockedSite,
  readings: readonly Reading[],
): Promise<KnownProject[]> {
  const known = new Set(cloudNames.values());
  const wanted = [...new Map(readings.map((reading) => [projectKey(reading), reading])).values()].filter(
    ({ cloud }) => known.has(cloud),
  );
  if (wanted.length === 0) return [];
  const { rows } = await sql<ProjectColumns>`
    SELECT array_agg(p.project_id)::text AS ids, array_agg(p.cloud_id)::text AS cloud_ids,
           array_agg(n.from_ms)::text AS from_ms, json_agg(p.key) AS keys,
           json_agg(n.project_name) AS project_names, json_agg(n.domain_id) AS domain_ids,
           json_agg(n.domain_name) AS domain_names
    FROM unnest(${numberArray(wanted.map(({ cloud }) => clouds.idOf(cloud)))}::int[],
                ${wanted.map(({ projectId }) => projectId)}::text[]) AS w (cloud_id, key)
    JOIN ledger.project p ON p.site_id = ${siteId} AND p.cloud_id = w.cloud_id AND p.key = w.key
    JOIN ledger.project_name n ON n.site_id = ${siteId} AND n.project_id = p.project_id AND n.to_ms IS NULL`.execute(
    trx,
  );
  return rows.flatMap((columns) => knownProjects(columns, cloudNames));
}

function knownProjects(columns: ProjectColumns, cloudNames: ReadonlyMap<number, string>): KnownProject[] {
  const cloudIds = valuesOfArray(columns.cloud_ids);
  const sinceMs = valuesOfArray(columns.from_ms);
  return valuesOfArray(columns.ids).map((id, i) => {
    const cloud = cloudNames.get(Number(cloudIds[i])) ?? '';
    const projectId = columns.keys?.[i] ?? '';
    const name: NameState = {
      projectName: columns.project_names?.[i] ?? '',
      domainId: columns.domain_ids?.[i] ?? '',
      domainName: columns.domain_names?.[i] ?? '',
      sinceMs: Number(sinceMs[i]),
    };
    return { id: Number(id), key: projectKey({ cloud, projectId }), cloud, projectId, name };
  });
}
