/** The largest number of each kind that the ledger keeps of a site, so that no site takes the room of others (rule A10). */
export interface SiteCaps {
  projects: number;
  clouds: number;
  resources: number;
  /** Flavors in states, of which server hours are kept. */
  serverKinds: number;
  epochs: number;
  /** Rows in the history of names. */
  names: number;
  meters: number;
}

const DEFAULT_PROJECTS = 100_000;
const NAMES_PER_PROJECT = 10;
const METERS_PER_PROJECT = 100;
/** Even few projects may have many flavors and states. */
const FEWEST_METERS = 100_000;

/** The caps of a site that may have `maxProjects` projects. */
export function capsOfSite(maxProjects = DEFAULT_PROJECTS): SiteCaps {
  return {
    projects: maxProjects,
    clouds: 100,
    resources: 100,
    serverKinds: 10_000,
    epochs: 10_000,
    names: NAMES_PER_PROJECT * maxProjects,
    meters: Math.max(METERS_PER_PROJECT * maxProjects, FEWEST_METERS),
  };
}
