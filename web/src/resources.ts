/** The resource of server hours by flavor and state. */
export const SERVER_HOURS = 'server';

/** Resources with a label, in the order of the pages. */
const KNOWN: ReadonlyMap<string, string> = new Map([
  ['vcpu', 'vCPU'],
  ['mb', 'Memory'],
  ['gpu', 'GPU'],
  ['disk_gb', 'Disk'],
  ['volume_gb', 'Volumes'],
  ['instance', 'Servers'],
  [SERVER_HOURS, 'Server hours'],
  ['charge', 'Charges'],
]);

/** Shown until somebody chooses another one. */
export const USUAL_RESOURCE = 'vcpu';

const order = [...KNOWN.keys()];

export function resourceLabel(resource: string): string {
  return KNOWN.get(resource) ?? resource;
}

/** Puts known resources first, in their order, then the others by name. */
export function compareResources(a: string, b: string): number {
  return rank(a) - rank(b) || a.localeCompare(b);
}

/** The rows of all other resources. Server hours are shown on their own: without a flavor they repeat the servers. */
export function withoutServerHours<Row extends { resource?: string | undefined }>(
  rows: readonly Row[],
): Row[] {
  return rows.filter(({ resource }) => resource !== SERVER_HOURS);
}

/** The wanted resource if it has usage, otherwise the first one that has. */
export function chooseResource(wanted: string | undefined, resources: readonly string[]): string | undefined {
  if (wanted !== undefined && resources.includes(wanted)) return wanted;
  return [...resources].sort(compareResources)[0];
}

function rank(resource: string): number {
  const index = order.indexOf(resource);
  return index < 0 ? order.length : index;
}
