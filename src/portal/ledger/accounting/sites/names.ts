/** What a project is called; it is what its id says, whatever it is called. */
export interface ProjectName {
  projectName: string;
  domainId: string;
  domainName: string;
}

/** The latest name of a project, and since when. */
export interface NameState extends ProjectName {
  sinceMs: number;
}

/** The new name where a reading at `atMs` brings one, else undefined. */
export function renamed(
  current: NameState | undefined,
  name: ProjectName,
  atMs: number,
): NameState | undefined {
  if (current !== undefined && (atMs <= current.sinceMs || sameName(current, name))) return undefined;
  const { projectName, domainId, domainName } = name;
  return { projectName, domainId, domainName, sinceMs: atMs };
}

function sameName(one: ProjectName, other: ProjectName): boolean {
  return (
    one.projectName === other.projectName &&
    one.domainId === other.domainId &&
    one.domainName === other.domainName
  );
}
