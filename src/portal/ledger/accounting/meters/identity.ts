import type { Reading } from '../../ledger.ts';

/** The identity of a project at a site (rule A9). */
export type ProjectIdentity = Pick<Reading, 'cloud' | 'projectId'>;

/** The identity of a meter at a site (rule A9). */
export type MeterIdentity = Pick<Reading, 'cloud' | 'projectId' | 'resource' | 'servers'>;

export function projectKey({ cloud, projectId }: ProjectIdentity): string {
  return `${cloud}\0${projectId}`;
}

/** The identity of a resource; of server hours, together with the flavor and the state. */
export function resourceKey({ resource, servers }: Pick<MeterIdentity, 'resource' | 'servers'>): string {
  return servers === undefined ? resource : `${resource}\0${servers.flavor}\0${servers.state}`;
}

export function meterKey(identity: MeterIdentity): string {
  return `${projectKey(identity)}\0${resourceKey(identity)}`;
}
