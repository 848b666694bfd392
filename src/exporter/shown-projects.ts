import { UserError } from '../runtime/user-error.ts';
import type { MeterState } from './metering/meter-state.ts';
import { partName, type PoolSplit } from './metering/pool.ts';
import type { Project } from './openstack/keystone.ts';
import type { ExporterState } from './state-format.ts';

/** The pool's parts stand behind it, as projects with the metadata's value as their name. */
export function withParts(
  projects: readonly Project[],
  { totals }: MeterState,
  split: PoolSplit | undefined,
): readonly Project[] {
  const pool = projects.find(({ id }) => id === split?.projectId);
  if (pool === undefined) return projects;
  requireNoPart(pool.id, projects);
  const parts = [...totals.keys()].sort().flatMap((id) => {
    const name = partName(pool.id, id);
    return name === undefined ? [] : [{ id, name, domain: pool.domain }];
  });
  return projects.flatMap((project) => (project === pool ? [pool, ...parts] : [project]));
}

/** Two projects of one id would be one series. Keystone itself makes no ids with a slash. */
function requireNoPart(poolId: string, projects: readonly Project[]): void {
  const project = projects.find(({ id }) => partName(poolId, id) !== undefined);
  if (project !== undefined)
    throw new UserError(
      `the project '${project.name}' has the id ${project.id}, as a part of the pool ${poolId} would: leave out --split-project`,
    );
}

/** Names of projects with usage, as Keystone has them now, or had them when it last knew them. */
export function withNames(state: ExporterState, projects: readonly Project[]): ExporterState {
  const { meter, names } = state;
  const next = new Map([...names].filter(([id]) => meter.totals.has(id)));
  for (const { id, name, domain } of projects) {
    if (meter.totals.has(id)) next.set(id, { name, domainId: domain.id, domainName: domain.name });
  }
  return { ...state, names: next };
}
