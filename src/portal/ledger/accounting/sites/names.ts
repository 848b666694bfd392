/** The names of a project. The id identifies the project; its names may change. */
export interface ProjectName {
  projectName: string;
  domainId: string;
  domainName: string;
}

/** The latest name of a project, and the time of its first reading under this name. */
export interface NameState extends ProjectName {
  sinceMs: number;
}

/** The new name if a reading at `atMs` has one, otherwise undefined. */
export function renamed(
  current: NameState | undefined,
  name: ProjectName,
  atMs: number,
): NameState | undefined {
  if (current !== undefined && (atMs <= current.sinceMs || sameName(current, name))) return undefined;
  const { projectName, domainId, domainName } = name;
  return { projectName, domainId, domainName, sinceMs: atMs };
}

export function sameName(one: ProjectName, other: ProjectName): boolean {
  return (
    one.projectName === other.projectName &&
    one.domainId === other.domainId &&
    one.domainName === other.domainName
  );
}
