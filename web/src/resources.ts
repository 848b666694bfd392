/** The resources that have a name of their own here, in the order in which they are offered. */
const KNOWN: ReadonlyMap<string, string> = new Map([
  ['vcpu', 'vCPU'],
  ['mb', 'Memory'],
  ['gpu', 'GPU'],
  ['disk_gb', 'Disk'],
  ['volume_gb', 'Volumes'],
  ['instance', 'Servers'],
]);

const order = [...KNOWN.keys()];

export function resourceLabel(resource: string): string {
  return KNOWN.get(resource) ?? resource;
}

/** Known resources first, in their order, then the others by name. */
export function compareResources(a: string, b: string): number {
  return rank(a) - rank(b) || a.localeCompare(b);
}

/** The wanted resource where there is usage of it, else the first that there is. */
export function chooseResource(wanted: string | undefined, resources: readonly string[]): string | undefined {
  if (wanted !== undefined && resources.includes(wanted)) return wanted;
  return [...resources].sort(compareResources)[0];
}

function rank(resource: string): number {
  const index = order.indexOf(resource);
  return index < 0 ? order.length : index;
}
