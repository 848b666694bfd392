import { eachInSteps, type Steps } from '../../../../../prometheus/steps.ts';
import type { NameState } from '../../../accounting/sites/names.ts';
import { projectKey, resourceKey, type ProjectIdentity } from '../../../accounting/meters/identity.ts';
import { valuesOfArray } from '../../../../database/columns.ts';
import type { Reading } from '../../../ledger.ts';
import type { LockedSite } from './lock-site.ts';

export interface KnownProject extends ProjectIdentity, NameState {
  id: number;
}

/** A project of readings, and the ids of the resources that they have. */
export interface WantedProject {
  key: string;
  cloud: string;
  projectId: string;
  resources: Set<number>;
}

export interface ProjectColumns {
  ids_of_projects: string | null;
  /** Places in the list of wanted projects, from 1 on. */
  places: string | null;
  from_ms: string | null;
  project_names: string[] | null;
  domain_ids: string[] | null;
  domain_names: string[] | null;
}

export function addProjects(
  known: Map<string, KnownProject>,
  columns: ProjectColumns,
  wanted: readonly WantedProject[],
): void {
  const places = valuesOfArray(columns.places);
  const sinceMs = valuesOfArray(columns.from_ms);
  for (const [i, id] of valuesOfArray(columns.ids_of_projects).entries()) {
    const { key, cloud, projectId } = wanted[Number(places[i]) - 1] as WantedProject;
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

/** The projects of readings in known clouds. A project in an unknown cloud is new. */
export function* wantedProjects(
  { cloudNames, resources }: Pick<LockedSite, 'cloudNames' | 'resources'>,
  readings: readonly Reading[],
): Steps<WantedProject[]> {
  const inClouds = new Set(cloudNames.values());
  const wanted = new Map<string, WantedProject>();
  let project: WantedProject | undefined;
  yield* eachInSteps(readings, (reading) => {
    const { cloud, projectId } = reading;
    if (!inClouds.has(cloud)) return;
    if (project?.projectId !== projectId || project.cloud !== cloud) {
      const key = projectKey(reading);
      project = wanted.get(key) ?? { key, cloud, projectId, resources: new Set() };
      wanted.set(key, project);
    }
    const resource = resources.known(resourceKey(reading));
    if (resource !== undefined) project.resources.add(resource);
  });
  return [...wanted.values()];
}
