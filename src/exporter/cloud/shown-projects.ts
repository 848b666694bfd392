import { isDeepStrictEqual } from 'node:util';
import { UserError } from '../../runtime/user-error.ts';
import type { MeterState } from '../metering/meter-state.ts';
import { partName, type PoolSplit } from '../metering/pool.ts';
import { isWanted, type DomainFilter, type Project } from '../openstack/keystone.ts';
import type { ExporterState, ProjectNames } from '../state/state-format.ts';

/** Adds the pool's parts after the pool, as projects that have the metadata value as their name. */
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

/**
 * Throws `UserError` for a project with the id of a part: both would be one series. Keystone itself makes no ids with a
 * slash.
 */
function requireNoPart(poolId: string, projects: readonly Project[]): void {
  const project = projects.find(({ id }) => partName(poolId, id) !== undefined);
  if (project !== undefined)
    throw new UserError(
      `the project '${project.name}' has the id ${project.id}, as a part of the pool ${poolId} would: leave out --split-project`,
    );
}

/** The settings for the projects that an exporter shows. */
export interface ShownSettings {
  domains: DomainFilter;
  split: PoolSplit | undefined;
  /** How long a project is shown after Keystone listed it last and it used something last. */
  keepDeletedMs: number;
}

/**
 * The projects that Keystone lists, sorted by id, and the projects that it listed until some days ago, so that every reader
 * gets their final totals. Projects that the settings exclude are left out.
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
 * Remembers the names of projects with usage, as Keystone lists them now or listed them last, and since when a project is
 * missing there without usage. Returns the same state if nothing has changed.
 * @param before is the state before this refresh.
 */
export function withNames(
  state: ExporterState,
  before: ExporterState,
  listed: readonly Project[],
  split: PoolSplit | undefined,
): ExporterState {
  const isPool = (id: string) => id === split?.projectId;
  const hasUsage = usageTest(state);
  const isNamed = (id: string) => isPool(id) || hasUsage(id);
  const named = listed.filter(({ id }) => isNamed(id));
  const isKnown = (project: Project) => {
    const known = state.names.get(project.id);
    return namesOf(project, known) === known;
  };
  if (named.length === state.names.size && named.every(isKnown)) return state; // as at most refreshes
  const names = new Map<string, ProjectNames>();
  for (const project of named) names.set(project.id, namesOf(project, state.names.get(project.id)));
  for (const [id, known] of state.names) {
    if (names.has(id) || !isNamed(id)) continue;
    const used = usageOf(state, id, isPool(id)) !== usageOf(before, id, isPool(id));
    const goneSinceMs = used ? state.meter.untilMs : (known.goneSinceMs ?? state.meter.untilMs);
    names.set(id, { ...known, goneSinceMs });
  }
  return sameNames(names, state.names) ? state : { ...state, names };
}

/** The names as they are known, if they are the same: they seldom change. */
function namesOf({ name, domain }: Project, known: ProjectNames | undefined): ProjectNames {
  const isSame =
    known?.name === name &&
    known.domainId === domain.id &&
    known.domainName === domain.name &&
    known.goneSinceMs === undefined;
  return isSame ? known : { name, domainId: domain.id, domainName: domain.name };
}

/** Whether a project has usage, by its id. */
function usageTest({ meter, sampled }: ExporterState): (id: string) => boolean {
  const totals = [meter.totals, ...totalsOf(sampled)];
  return (id) => totals.some((byProject) => byProject.has(id));
}

/** The sum over all resources, with the parts of a pool. It only shows whether something was used. */
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
  if (a.size !== b.size) return false;
  for (const [id, names] of a) {
    const other = b.get(id);
    if (names !== other && !isDeepStrictEqual(names, other)) return false;
  }
  return true;
}
