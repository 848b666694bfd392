import type { MeteredCloud } from './metered-cloud.ts';
import type { MeterState } from '../metering/meter-state.ts';
import type { PoolSplit, PoolValues } from '../metering/pool.ts';
import { readServer, readServers } from '../openstack/nova-servers.ts';
import type { ServerUsage } from '../openstack/nova-usage.ts';
import type { Session } from '../openstack/session/session.ts';

export interface PoolSettings {
  /** The pool project, whose usage is split by the value of a metadata key; undefined where there is none. */
  split: PoolSplit | undefined;
  /** Servers per page; undefined for Nova's own limit. */
  pageSize: number | undefined;
}

/**
 * The metadata value of each living server of the pool, which Nova forgets when the server is deleted. Empty where
 * there is no pool.
 */
export async function readPoolValues(
  { split, pageSize }: PoolSettings,
  cloud: MeteredCloud,
): Promise<PoolValues> {
  if (split === undefined) return new Map();
  const { projectId, metadataKey } = split;
  const { allProjects } = cloud;
  const query = { allProjects, projectId, pageSize };
  const servers = await readServers(sessionFor(projectId, cloud), query);
  return new Map(servers.map(({ id, metadata }) => [id, metadata[metadataKey]]));
}

/**
 * Adds the values of servers that the usage has but the list lacks: they are new, or their cell was down, which Nova
 * does not tell.
 */
export async function completePoolValues(
  values: PoolValues,
  usages: readonly ServerUsage[],
  settings: PoolSettings,
  cloud: MeteredCloud,
  meter: MeterState,
): Promise<PoolValues> {
  const { split } = settings;
  if (split === undefined) return values;
  const unknown = usages.filter(
    ({ id, projectId }) => projectId === split.projectId && !values.has(id) && !meter.servers.has(id),
  );
  if (unknown.length === 0) return values;
  const complete = new Map([...values, ...(await readPoolValues(settings, cloud))]);
  for (const { id } of unknown.filter((server) => !complete.has(server.id))) {
    const server = await readServer(sessionFor(split.projectId, cloud), id);
    complete.set(id, server?.metadata[split.metadataKey]);
  }
  return complete;
}

/** The session that can read the project. */
function sessionFor(projectId: string, { views }: MeteredCloud): Session {
  const [first, ...others] = views;
  return others.find(({ projects }) => projects.some(({ id }) => id === projectId))?.session ?? first.session;
}
