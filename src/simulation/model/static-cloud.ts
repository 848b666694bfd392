import { byProjectThenId, compareText, type CloudModel, type Domain, type Project } from './cloud-model.ts';
import { endOf, type Flavor, type ServerLife } from './server-life.ts';

export interface StaticCloud {
  domains: readonly Domain[];
  projects: readonly Project[];
  servers: readonly ServerLife[];
  /** Those of the servers are added. */
  flavors?: readonly Flavor[];
}

/** The model of a cloud whose servers are all known beforehand. */
export function staticCloud(cloud: StaticCloud): CloudModel {
  const lives = [...cloud.servers].sort(byProjectThenId);
  // Columns of numbers: a scan of a million lives takes a few milliseconds.
  const launchedMs = Float64Array.from(lives, (life) => life.launches[0].atMs);
  const deletedMs = Float64Array.from(lives, endOf);
  return {
    domains: cloud.domains,
    projects: [...cloud.projects].sort((a, b) => compareText(a.id, b.id)),
    flavors: flavorsOf(cloud),
    keepsDeletedMs: longestKept(lives),
    livesTouching: (fromMs, toMs) =>
      lives.filter((_, index) => (launchedMs[index] ?? 0) <= toMs && (deletedMs[index] ?? 0) >= fromMs),
  };
}

function flavorsOf({ flavors = [], servers }: StaticCloud): Flavor[] {
  const used = servers.flatMap(({ launches }) => launches.map(({ flavor }) => flavor));
  return [...new Map([...flavors, ...used].map((flavor) => [flavor.id, flavor])).values()];
}

function longestKept(lives: readonly ServerLife[]): number {
  return lives.reduce((longest, { deletedMs, archivedMs }) => {
    if (deletedMs === undefined) return longest;
    return Math.max(longest, (archivedMs ?? Infinity) - deletedMs);
  }, 0);
}
