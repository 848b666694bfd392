import { readVolumes } from './cinder-volumes.ts';
import { readFloatingIps } from './neutron-floating-ips.ts';
import { readFlavors } from './nova-flavors.ts';
import { microversionHeaders } from './nova-microversion.ts';
import { formatNovaTime } from './nova-time.ts';
import { readFailure, ServiceForbidden, type ReadFailure } from './service-error.ts';
import type { Session } from './session.ts';
import { readStoredBytes } from './swift-accounts.ts';

/** What a role may be able to read. */
export type RightName =
  | 'projects'
  | 'domains'
  | 'usage of all projects'
  | 'servers of all projects'
  | 'extra specs of flavors'
  | 'volumes of all projects'
  | 'floating IPs of all projects'
  | 'object storage of all projects';

export interface Right {
  right: RightName;
  allowed: boolean;
  /** Why not; undefined where it is allowed. */
  failure: ReadFailure | undefined;
  reason: string | undefined;
}

/** Not every project needs to have stored something. */
const ACCOUNTS_ASKED = 200;

/** Stands for one that is not the user's, where others can't be listed. */
const SOME_PROJECT = '0'.repeat(32);

/**
 * Asks for a little of all that is `wanted`. Only what the sign-in throws is thrown. `nowMs`: for a window of usage.
 */
export async function readRights(
  session: Session,
  nowMs: number,
  wanted: (right: RightName) => boolean = () => true,
): Promise<Right[]> {
  await session.signIn();
  const probes: Record<RightName, () => Promise<unknown>> = {
    projects: async () => await session.get({ service: 'identity', path: '/projects', query: { name: 'x' } }),
    domains: async () => await session.get({ service: 'identity', path: '/domains', query: { name: 'x' } }),
    'usage of all projects': async () => await askUsage(session, nowMs),
    'servers of all projects': async () => await askServers(session),
    'extra specs of flavors': async () => await askExtraSpecs(session),
    'volumes of all projects': async () => await readVolumes(session, { allProjects: true }),
    'floating IPs of all projects': async () => await readFloatingIps(session, { allProjects: true }),
    'object storage of all projects': async () =>
      await readStoredBytes(session, await otherProjects(session)),
  };
  return await Promise.all(
    (Object.keys(probes) as RightName[])
      .filter(wanted)
      .map(async (right) => await readRight(right, probes[right])),
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

/** Whoever reads others' accounts of the object store reads all; where there is no other project the own one has to do. */
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

/** All of them, as a refresh reads them. */
async function askExtraSpecs(session: Session): Promise<void> {
  const flavors = await readFlavors(session);
  if (flavors.some(({ extraSpecs }) => extraSpecs === undefined))
    throw new ServiceForbidden(
      'Nova shows flavors without their extra specs; see os_compute_api:os-flavor-extra-specs',
    );
}
