import pLimit from 'p-limit';
import { partName } from '../metering/pool.ts';
import {
  chooseDomains,
  isKnownAsDeleted,
  readDomains,
  readOwnProjects,
  readProjects,
  type DomainFilter,
  type OwnProject,
  type Project,
} from '../openstack/keystone.ts';
import {
  joinUsage,
  readProjectUsage,
  readServerUsage,
  type UsageAnswer,
  type UsageQuery,
} from '../openstack/nova-usage.ts';
import { ServiceForbidden } from '../openstack/session/service-error.ts';
import type { Session } from '../openstack/session/session.ts';

const REQUESTS_AT_ONCE = 4;

/** The projects that the tokens of one session can read. */
export interface View {
  session: Session;
  /** True for all projects of the cloud, false for the token's own project only. */
  allProjects: boolean;
  projects: readonly Project[];
}

/**
 * The part of the cloud that the exporter's user sees: all of it in one view, or a view for each project in which the
 * user has a role.
 */
export interface MeteredCloud {
  allProjects: boolean;
  projects: readonly Project[];
  views: readonly [View, ...View[]];
  readUsage(query: UsageQuery): Promise<UsageAnswer>;
}

/**
 * The projects whose usage is in the totals already. If the user loses the right to read one of them, that is an error: its
 * servers would seem to be gone.
 */
export interface CountedProjects {
  /** True if the totals are of all projects, even if no project had any usage yet. */
  allProjects: boolean;
  /** The projects whose servers ran at the last refresh, each at least once; none if that was long ago. */
  projects: Iterable<string>;
}

export const NOTHING_COUNTED: CountedProjects = { allProjects: false, projects: [] };

/**
 * Reads the part of the cloud that the user sees: all projects if the user may list them, otherwise those in which the
 * user has a role.
 */
export async function readMeteredCloud(
  session: Session,
  filter: DomainFilter,
  counted: CountedProjects,
): Promise<MeteredCloud> {
  try {
    const domains = await readDomains(session, filter);
    const projects = await readProjects(session, domains, filter);
    return {
      allProjects: true,
      projects,
      views: [{ session, allProjects: true, projects }],
      readUsage: async (query) => await readServerUsage(session, query),
    };
  } catch (error) {
    if (!(error instanceof ServiceForbidden)) throw error;
    return await readOwnCloud(session, filter, error, counted);
  }
}

async function readOwnCloud(
  session: Session,
  filter: DomainFilter,
  refusal: ServiceForbidden,
  counted: CountedProjects,
): Promise<MeteredCloud> {
  const { projectId } = await session.signIn();
  if (projectId === undefined || counted.allProjects) throw refusal;
  const listed = await readOwnProjects(session);
  const reachable = listed.filter(({ id }) => id === projectId || session.inProject(id) !== undefined);
  await requireNoneLost(session, reachable, counted);
  const enabled = reachable.filter((project) => project.enabled);
  const [first, ...others] = filtered(await readViews(session, enabled), filter);
  if (first === undefined) throw refusal;
  const views: MeteredCloud['views'] = [first, ...others];
  return {
    allProjects: false,
    projects: views.flatMap(({ projects }) => projects),
    views,
    readUsage: async (query) => await readOwnUsage(views, query),
  };
}

/**
 * Throws where a project in the totals is neither readable nor deleted by the word of Keystone: the user has lost a
 * role.
 */
async function requireNoneLost(
  session: Session,
  reachable: readonly Project[],
  counted: CountedProjects,
): Promise<void> {
  const missing = [...new Set(counted.projects)].filter((id) => !isAmong(reachable, id)).map(withoutPart);
  for (const id of new Set(missing))
    if (!(await isKnownAsDeleted(session, id)))
      throw new ServiceForbidden(
        `the exporter's user has lost its role in the project ${id}, whose servers ran, or the project is deleted; give the role back, or wait: after a day without a refresh, the exporter goes on without the project`,
      );
}

function isAmong(projects: readonly Project[], counted: string): boolean {
  return projects.some(({ id }) => id === counted || partName(id, counted) !== undefined);
}

/** The id of the pool, for the id of its part. Keystone itself makes no ids with a slash. */
function withoutPart(counted: string): string {
  return counted.replace(/\/.*/s, '');
}

/** Signs in to each project; the token tells the name of the project's domain. */
async function readViews(session: Session, projects: readonly OwnProject[]): Promise<View[]> {
  return await pLimit(REQUESTS_AT_ONCE).map(projects, async ({ id, name, domain }) => {
    const scoped = session.inProject(id) ?? session;
    const { domains } = await scoped.signIn();
    const named = domains.find((found) => found.id === domain.id) ?? domain;
    return { session: scoped, allProjects: false, projects: [{ id, name, domain: named }] };
  });
}

function filtered(views: readonly View[], filter: DomainFilter): View[] {
  const domains = views.flatMap(({ projects }) => projects.map(({ domain }) => domain));
  const unique = [...new Map(domains.map((domain) => [domain.id, domain])).values()];
  const wanted = new Set(chooseDomains(unique, filter).map(({ id }) => id));
  return views.filter(({ projects }) => projects.some(({ domain }) => wanted.has(domain.id)));
}

/** Throws if any project cannot be read: a window has to be complete. */
async function readOwnUsage(views: MeteredCloud['views'], query: UsageQuery): Promise<UsageAnswer> {
  const parts = views.flatMap(({ session, projects }) => projects.map(({ id }) => ({ session, id })));
  const [first, ...others] = await pLimit(REQUESTS_AT_ONCE).map(
    parts,
    async ({ session, id }) => await readProjectUsage(session, id, query),
  );
  return joinUsage([first as UsageAnswer, ...others]); // there is at least one project
}
