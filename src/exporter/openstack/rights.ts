import { readFlavors } from './nova-flavors.ts';
import { readActionEvents, readInstanceActions } from './nova-instance-actions.ts';
import { microversionHeaders } from './session/nova-microversion.ts';
import { formatNovaTime } from './session/nova-time.ts';
import { SAMPLED_SERVICES, type SampledResource } from './sampled-services.ts';
import { readFailure, ServiceForbidden, ServiceMissing, type ReadFailure } from './session/service-error.ts';
import type { Session } from './session/session.ts';

/** Rights to read, other than those of the sampled services. */
export type BasicRight =
  | 'projects'
  | 'domains'
  | 'usage of all projects'
  | 'servers of all projects'
  | 'actions on servers'
  | 'extra specs of flavors';

export type RightName = BasicRight | (typeof SAMPLED_SERVICES)[number]['right'];

/** The resource of a sampled service's right; undefined for a basic right. */
export function sampledResourceOf(right: RightName): SampledResource | undefined {
  return SAMPLED_SERVICES.find((service) => service.right === right)?.resource;
}

export interface Right {
  right: RightName;
  allowed: boolean;
  /** Why the user lacks the right; undefined if it is allowed. */
  failure: ReadFailure | undefined;
  reason: string | undefined;
}

/** More than one, because some projects have stored nothing. */
const ACCOUNTS_ASKED = 200;

/** Stands in for a project of others if the user cannot list any. */
const SOME_PROJECT = '0'.repeat(32);

/**
 * Tries each `wanted` right with a small request. Throws only the errors of the sign-in. `nowMs` ends the window of usage.
 */
export async function readRights(
  session: Session,
  nowMs: number,
  wanted: (right: RightName) => boolean = () => true,
): Promise<Right[]> {
  await session.signIn();
  const basic: Record<BasicRight, () => Promise<unknown>> = {
    projects: async () => await session.get({ service: 'identity', path: '/projects', query: { name: 'x' } }),
    domains: async () => await session.get({ service: 'identity', path: '/domains', query: { name: 'x' } }),
    'usage of all projects': async () => await askUsage(session, nowMs),
    'servers of all projects': async () => await askServers(session),
    'actions on servers': async () => await askActions(session),
    'extra specs of flavors': async () => await askExtraSpecs(session),
  };
  const scope = { allProjects: true, projectIds: async () => await otherProjects(session) };
  const probes: [RightName, () => Promise<unknown>][] = [
    ...(Object.entries(basic) as [BasicRight, () => Promise<unknown>][]),
    ...SAMPLED_SERVICES.map(({ right, read }): [RightName, () => Promise<unknown>] => [
      right,
      async () => await read(session, scope),
    ]),
  ];
  return await Promise.all(
    probes.filter(([right]) => wanted(right)).map(async ([right, ask]) => await readRight(right, ask)),
  );
}

async function readRight(right: RightName, ask: () => Promise<unknown>): Promise<Right> {
  try {
    await ask();
    return { right, allowed: true, failure: undefined, reason: undefined };
  } catch (error) {
    return { right, allowed: false, ...readFailure(error) };
  }
}

/**
 * The projects to try in the object store: a user who can read one account of others can read all. Without other
 * projects, the own one.
 */
async function otherProjects(session: Session): Promise<string[]> {
  const { projectId: own } = await session.signIn();
  const list = await session.get({ service: 'identity', path: '/projects' }).catch(() => undefined);
  if (list === undefined) return [SOME_PROJECT];
  const { projects = [] } = list.body as { projects?: { id: string }[] };
  const others = projects.map(({ id }) => id).filter((id) => id !== own);
  if (others.length > 0) return others.slice(0, ACCOUNTS_ASKED);
  return own === undefined ? [] : [own];
}

async function askUsage(session: Session, nowMs: number): Promise<void> {
  const [start, end] = [nowMs - 120_000, nowMs - 60_000].map(formatNovaTime) as [string, string];
  await session.get({
    service: 'compute',
    path: '/os-simple-tenant-usage',
    query: { start, end, limit: '1' },
    headers: microversionHeaders('2.40'),
  });
}

async function askServers(session: Session): Promise<void> {
  const query = { all_tenants: '1', limit: '1' };
  await session.get({
    service: 'compute',
    path: '/servers/detail',
    query,
    headers: microversionHeaders('2.69'),
  });
}

/** Throws `ServiceMissing` if there is no server to try it with. */
async function askActions(session: Session): Promise<void> {
  const server = (await someServer(session, true)) ?? (await someServer(session, false));
  if (server === undefined) throw new ServiceMissing('there is no server to try it with');
  const [action] = await readInstanceActions(session, server);
  if (action !== undefined) await readActionEvents(session, server, action.requestId);
}

/** The id of a server; undefined if the user sees none, or may not list those of all projects. */
async function someServer(session: Session, allProjects: boolean): Promise<string | undefined> {
  const query = { ...(allProjects ? { all_tenants: '1' } : {}), limit: '1' };
  const headers = microversionHeaders('2.69');
  try {
    const { body } = await session.get({ service: 'compute', path: '/servers/detail', query, headers });
    return (body as { servers?: { id: string }[] }).servers?.[0]?.id;
  } catch (error) {
    if (allProjects && error instanceof ServiceForbidden) return undefined;
    throw error;
  }
}

/** Reads all flavors, as a refresh does. */
async function askExtraSpecs(session: Session): Promise<void> {
  const flavors = await readFlavors(session);
  if (flavors.some(({ extraSpecs }) => extraSpecs === undefined))
    throw new ServiceForbidden(
      'Nova shows flavors without their extra specs; see os_compute_api:os-flavor-extra-specs',
    );
}
