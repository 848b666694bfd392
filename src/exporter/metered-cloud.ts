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

/**
 * A user who may list the projects of the cloud sees all; one who may not sees the project of the token, and no more.
 * @param countedProjects are in the totals already: where there are others, a right that is gone is an error, since
 * their servers would seem to be gone as well.
 */
export async function readMeteredCloud(
  session: Session,
  filter: DomainFilter,
  countedProjects: Iterable<string>,
): Promise<MeteredCloud> {
  try {
    const domains = await readDomains(session, filter);
    const projects = await readProjects(session, domains, filter);
    return { allProjects: true, projects, readUsage: async (query) => await readServerUsage(session, query) };
  } catch (error) {
    if (!(error instanceof ServiceForbidden) || filter.names.length + filter.ids.length > 0) throw error;
    return await readOwnProject(session, error, countedProjects);
  }
}

async function readOwnProject(
  session: Session,
  refusal: ServiceForbidden,
  countedProjects: Iterable<string>,
): Promise<MeteredCloud> {
  const { projectId } = await session.signIn();
  if (projectId === undefined) throw refusal;
  for (const counted of countedProjects)
    if (counted !== projectId && partName(projectId, counted) === undefined) throw refusal;
  const projects = (await readOwnProjects(session)).filter(({ id }) => id === projectId);
  return {
    allProjects: false,
    projects,
    readUsage: async (query) => await readProjectUsage(session, projectId, query),
  };
}
