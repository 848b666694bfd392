import { partName } from './metering/pool.ts';
import {
  readDomains,
  readOwnProjects,
  readProjects,
  type DomainFilter,
  type Project,
} from './openstack/keystone.ts';
import {
  readProjectUsage,
  readServerUsage,
  type UsageAnswer,
  type UsageQuery,
} from './openstack/nova-usage.ts';
import { ServiceForbidden } from './openstack/service-error.ts';
import type { Session } from './openstack/session.ts';

/** What the user of the exporter sees: the whole cloud, or the project that it is signed in to. */
export interface MeteredCloud {
  allProjects: boolean;
  projects: readonly Project[];
  readUsage(query: UsageQuery): Promise<UsageAnswer>;
}

/** What totals are of already: where that is more than the own project, a right that is gone is an error. */
export interface Counted {
  /** Whether they were of all projects, though it may be that none had any usage yet. */
  allProjects: boolean;
  projects: Iterable<string>;
}

export const NOTHING_COUNTED: Counted = { allProjects: false, projects: [] };

/** A user who may list the projects of the cloud sees all; one who may not sees the project of the token, and no more. */
export async function readMeteredCloud(
  session: Session,
  filter: DomainFilter,
  counted: Counted,
): Promise<MeteredCloud> {
  try {
    const domains = await readDomains(session, filter);
    const projects = await readProjects(session, domains, filter);
    return { allProjects: true, projects, readUsage: async (query) => await readServerUsage(session, query) };
  } catch (error) {
    if (!(error instanceof ServiceForbidden) || filter.names.length + filter.ids.length > 0) throw error;
    return await readOwnProject(session, error, counted);
  }
}

async function readOwnProject(
  session: Session,
  refusal: ServiceForbidden,
  counted: Counted,
): Promise<MeteredCloud> {
  const { projectId } = await session.signIn();
  if (projectId === undefined || counted.allProjects) throw refusal;
  for (const id of counted.projects)
    if (id !== projectId && partName(projectId, id) === undefined) throw refusal;
  const projects = (await readOwnProjects(session)).filter(({ id }) => id === projectId);
  return {
    allProjects: false,
    projects,
    readUsage: async (query) => await readProjectUsage(session, projectId, query),
  };
}
