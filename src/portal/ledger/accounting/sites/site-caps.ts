/** How much of each kind the ledger keeps of a site: no site fills it for the others (rule A10). */
export interface SiteCaps {
  projects: number;
  clouds: number;
  resources: number;
  epochs: number;
  /** Rows of the history of names. */
  names: number;
}

const DEFAULT_PROJECTS = 100_000;
const NAMES_PER_PROJECT = 10;

/** The caps of a site by how many projects it may have. */
export function capsOfSite(maxProjects = DEFAULT_PROJECTS): SiteCaps {
  return {
    projects: maxProjects,
    clouds: 100,
    resources: 100,
    epochs: 10_000,
    names: NAMES_PER_PROJECT * maxProjects,
  };
}
