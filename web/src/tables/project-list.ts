import type { ProjectRow } from '../api.ts';
import { compareNames, projectKey } from '../names.ts';
import type { Amount, ProjectUsage } from './project-usage.ts';

/** A line of the table of projects: a known project with its usage in the period. */
export interface ProjectLine {
  key: string;
  site: string;
  projectId: string;
  projectName: string;
  domainName: string;
  amounts: ReadonlyMap<string, Amount>;
}

const NO_AMOUNTS: ReadonlyMap<string, Amount> = new Map();

/** A line for each project of `rows`, and for each project with usage that is not yet in `rows`. */
export function projectLines(
  rows: readonly Pick<ProjectRow, 'site' | 'project_id' | 'project_name' | 'domain_name'>[],
  usages: readonly ProjectUsage[],
): ProjectLine[] {
  const lines = new Map<string, ProjectLine>();
  for (const { site, project_id, project_name, domain_name } of rows) {
    const key = projectKey(site, project_id);
    lines.set(key, {
      key,
      site,
      projectId: project_id,
      projectName: project_name,
      domainName: domain_name,
      amounts: NO_AMOUNTS,
    });
  }
  for (const { key, site, projectId, projectName, amounts } of usages) {
    const domainName = lines.get(key)?.domainName ?? '';
    lines.set(key, { key, site, projectId, projectName, domainName, amounts });
  }
  return [...lines.values()];
}

export const SORT_BY_NAME = 'name';

/** Sorts by name, or by the usage of a resource, the largest first. Equal lines are sorted by name, then by key. */
export function sortLines(lines: readonly ProjectLine[], sort: string): ProjectLine[] {
  const byName = (a: ProjectLine, b: ProjectLine) =>
    compareNames(a.projectName, b.projectName) || compareNames(a.key, b.key);
  if (sort === SORT_BY_NAME) return [...lines].sort(byName);
  const amountOf = (line: ProjectLine) => line.amounts.get(sort)?.amount ?? -1;
  return [...lines].sort((a, b) => amountOf(b) - amountOf(a) || byName(a, b));
}

/** One page of a long list. */
export interface ListPage<T> {
  page: number;
  pages: number;
  /** The index of the first item on this page. */
  first: number;
  items: T[];
  /** The number of items in the whole list. */
  all: number;
}

/** A page after the end becomes the last one. */
export function pageOf<T>(all: readonly T[], wanted: number, size: number): ListPage<T> {
  const pages = Math.max(1, Math.ceil(all.length / size));
  const page = Math.min(Math.max(1, wanted), pages);
  const first = (page - 1) * size;
  return { page, pages, first, items: all.slice(first, first + size), all: all.length };
}
