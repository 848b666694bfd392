import type { ProjectRow } from '../../api.ts';

type Names = NonNullable<ProjectRow['names']>[number];

/** A change of the name or the domain of a project. */
export interface Renaming {
  project: ProjectRow;
  before: Names;
  after: Names;
}

const SHOWN = 20;

/** The latest changes first. */
export function latestRenamings(projects: readonly ProjectRow[]): Renaming[] {
  return projects
    .flatMap((project) => renamingsOf(project))
    .sort((a, b) => Date.parse(b.after.from) - Date.parse(a.after.from))
    .slice(0, SHOWN);
}

function renamingsOf(project: ProjectRow): Renaming[] {
  const { names = [] } = project;
  return names.slice(1).flatMap((after, index) => {
    const before = names[index];
    return before === undefined ? [] : [{ project, before, after }];
  });
}
