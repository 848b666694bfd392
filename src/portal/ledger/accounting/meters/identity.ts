import type { Reading } from '../../ledger.ts';

/** The identity of a project at a site (rule A9). */
export type ProjectIdentity = Pick<Reading, 'cloud' | 'projectId' | 'keys'>;

/** The identity of a meter at a site (rule A9). */
export type MeterIdentity = Pick<Reading, 'cloud' | 'projectId' | 'resource' | 'servers' | 'keys'>;

export function projectKey({ cloud, projectId, keys }: ProjectIdentity): string {
  return keys?.cloud === cloud ? keys.project : `${cloud}\0${projectId}`;
}

/** The identity of a resource; of server hours, together with the flavor and the state. */
export function resourceKey({ resource, servers }: Pick<MeterIdentity, 'resource' | 'servers'>): string {
  return servers === undefined ? resource : `${resource}\0${servers.flavor}\0${servers.state}`;
}

export function meterKey(identity: MeterIdentity): string {
  const { cloud, keys } = identity;
  return keys?.cloud === cloud ? keys.meter : `${projectKey(identity)}\0${resourceKey(identity)}`;
}
