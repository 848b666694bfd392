import { isDeepStrictEqual } from 'node:util';
import { UserError } from '../../runtime/user-error.ts';
import type { MeterState } from '../metering/meter-state.ts';
import { partName, type PoolSplit } from '../metering/pool.ts';
import { isWanted, type DomainFilter, type Project } from '../openstack/keystone.ts';
import type { ExporterState, ProjectNames } from '../state/state-format.ts';

/** The pool's parts stand behind it, as projects with the metadata's value as their name. */
function withParts(
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

/** Which projects an exporter shows, and for how long after Keystone has listed them. */
export interface ShownSettings {
  domains: DomainFilter;
  split: PoolSplit | undefined;
  /** So long after a project was listed, and used something, it is shown. */
  keepDeletedMs: number;
}

/**
 * The projects that Keystone lists, by id, with those that it listed until some days ago: their final totals have to
 * reach whoever reads them. What the settings exclude is not shown.
 */
export function shownProjects(
  listed: readonly Project[],
  { meter, names }: ExporterState,
  { domains, split, keepDeletedMs }: ShownSettings,
): readonly Project[] {
  const isListed = new Set(listed.map(({ id }) => id));
  const gone = [...names].flatMap(([id, { name, domainId, domainName, goneSinceMs = meter.untilMs }]) => {
    if (isListed.has(id)) return [];
    const domain = { id: domainId, name: domainName };
    const isShown = meter.untilMs - goneSinceMs < keepDeletedMs && isWanted(domain, domains);
    return isShown ? [{ id, name, domain }] : [];
  });
  const all = gone.length === 0 ? listed : [...listed, ...gone].sort((a, b) => (a.id < b.id ? -1 : 1));
  return withParts(all, meter, split);
}

/**
 * Remembers projects with usage as Keystone has them now, or had them when it listed them last, and since when they are
 * gone and use nothing. The same state where nothing of that has changed.
 * @param before is the state before this refresh.
 */
export function withNames(
  state: ExporterState,
  before: ExporterState,
  listed: readonly Project[],
  split: PoolSplit | undefined,
): ExporterState {
  const isPool = (id: string) => id === split?.projectId;
  const names = new Map<string, ProjectNames>();
  for (const { id, name, domain } of listed)
    if (isPool(id) || hasUsage(state, id))
      names.set(id, { name, domainId: domain.id, domainName: domain.name });
  for (const [id, known] of state.names) {
    if (names.has(id) || !(isPool(id) || hasUsage(state, id))) continue;
    const used = usageOf(state, id, isPool(id)) !== usageOf(before, id, isPool(id));
    const goneSinceMs = used ? state.meter.untilMs : (known.goneSinceMs ?? state.meter.untilMs);
    names.set(id, { ...known, goneSinceMs });
  }
  return sameNames(names, state.names) ? state : { ...state, names };
}

function hasUsage({ meter, sampled }: ExporterState, id: string): boolean {
  return meter.totals.has(id) || totalsOf(sampled).some((byProject) => byProject.has(id));
}

/** Of all resources together, a pool's with that of its parts: it tells whether something was used. */
function usageOf({ meter, sampled }: ExporterState, id: string, isPool: boolean): bigint {
  const ids = isPool ? [...meter.totals.keys()].filter((one) => partName(id, one) !== undefined) : [];
  const servers = [id, ...ids].map((one) => meter.totals.get(one)?.instance ?? 0n);
  const others = totalsOf(sampled).map((byProject) => byProject.get(id) ?? 0n);
  return [...servers, ...others].reduce((sum, one) => sum + one, 0n);
}

function totalsOf(sampled: ExporterState['sampled']): ReadonlyMap<string, bigint>[] {
  return [...sampled.values()].flatMap(({ totals }) => [...totals.values()]);
}

function sameNames(a: ReadonlyMap<string, ProjectNames>, b: ReadonlyMap<string, ProjectNames>): boolean {
  return a.size === b.size && [...a].every(([id, names]) => isDeepStrictEqual(names, b.get(id)));
}
