import { NO_BELONGINGS, type Belongings } from './belongings.ts';
import { byProjectThenId, compareText, type CloudModel, type Domain, type Project } from './cloud-model.ts';
import { lifeIndex } from './life-index.ts';
import type { Flavor, ServerLife } from './server-life.ts';

export interface StaticCloud {
  domains: readonly Domain[];
  projects: readonly Project[];
  servers: readonly ServerLife[];
  /** The cloud's flavors. The flavors of servers are added, except those whose names `flavors` uses again. */
  flavors?: readonly Flavor[];
  belongings?: Belongings;
}

/** The model of a cloud from a list of all its servers. */
export function staticCloud(cloud: StaticCloud): CloudModel {
  const lives = [...cloud.servers].sort(byProjectThenId);
  return {
    domains: cloud.domains,
    projects: [...cloud.projects].sort((a, b) => compareText(a.id, b.id)),
    flavors: flavorsOf(cloud),
    cells: cellsOf(cloud),
    keepsDeletedMs: longestKept(lives),
    livesTouching: lifeIndex(lives),
    belongings: (fromMs, toMs) => within(cloud.belongings ?? NO_BELONGINGS, fromMs, toMs),
  };
}

function within({ volumes, floatingIps, storedBytes }: Belongings, fromMs: number, toMs: number): Belongings {
  return {
    volumes: volumes.filter(
      ({ sizes, deletedMs = Infinity }) => sizes[0].atMs <= toMs && deletedMs >= fromMs,
    ),
    floatingIps: floatingIps.filter(
      ({ createdMs, deletedMs = Infinity }) => createdMs <= toMs && deletedMs >= fromMs,
    ),
    storedBytes,
  };
}

function flavorsOf({ flavors = [], servers }: StaticCloud): Flavor[] {
  const replaced = new Set(flavors.map(({ name }) => name));
  const used = servers
    .flatMap(({ launches }) => launches.map(({ flavor }) => flavor))
    .filter(({ name }) => !replaced.has(name));
  return [...new Map([...flavors, ...used].map((flavor) => [flavor.id, flavor])).values()];
}

function cellsOf({ servers }: StaticCloud): string[] | undefined {
  const cells = new Set(servers.map(({ cell = '' }) => cell));
  return cells.size > 1 || !cells.has('') ? [...cells].sort() : undefined;
}

function longestKept(lives: readonly ServerLife[]): number {
  return lives.reduce((longest, { deletedMs, archivedMs }) => {
    if (deletedMs === undefined) return longest;
    return Math.max(longest, (archivedMs ?? Infinity) - deletedMs);
  }, 0);
}
