/** The number of GPUs of each device name or resource class; 0 for a device that is not a GPU. Names in small letters. */
export type GpuAliases = ReadonlyMap<string, number>;

export interface FlavorGpus {
  gpus: number;
  /** Names that the aliases do not have. They count as no GPU until the configuration has them. */
  unknown: readonly string[];
}

export function gpuAliases(table: Readonly<Record<string, number>>): GpuAliases {
  return new Map(Object.entries(table).map(([alias, gpus]) => [alias.toLowerCase(), gpus]));
}

/**
 * The GPUs of a flavor by its extra specs: `pci_passthrough:alias` = `a100:2,t4:1`, `resources:VGPU` = `1`,
 * `resources:CUSTOM_…`, and the same in numbered groups (`resources1:VGPU`).
 * https://docs.openstack.org/nova/latest/configuration/extra-specs.html
 */
export function gpusOfFlavor(extraSpecs: Readonly<Record<string, string>>, aliases: GpuAliases): FlavorGpus {
  const devices = Object.entries(extraSpecs).flatMap(([key, value]) => devicesOf(key, value));
  const unknown = devices.map(({ name }) => name).filter((name) => !aliases.has(name.toLowerCase()));
  const gpus = devices.reduce(
    (sum, { name, count }) => sum + count * (aliases.get(name.toLowerCase()) ?? 0),
    0,
  );
  return { gpus, unknown: [...new Set(unknown)] };
}

/** How many devices of each name the extra specs of a flavor ask for. A name need not be that of a GPU. */
export function devicesOfFlavor(extraSpecs: Readonly<Record<string, string>>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { name, count } of Object.entries(extraSpecs).flatMap(([key, value]) => devicesOf(key, value)))
    counts[name] = (counts[name] ?? 0) + count;
  return counts;
}

interface Device {
  name: string;
  count: number;
}

function devicesOf(key: string, value: string): Device[] {
  if (key === 'pci_passthrough:alias') return value.split(',').flatMap(requestedDevice);
  const resourceClass = /^resources[A-Za-z0-9_-]*:(VGPU|PGPU|CUSTOM_\w+)$/.exec(key)?.[1];
  return resourceClass === undefined ? [] : requestedDevice(`${resourceClass}:${value}`);
}

/** Reads `a100:2`. Returns no device for text that Nova does not accept either. */
function requestedDevice(text: string): Device[] {
  const match = /^\s*(?=[^:\s])([^:]*[^:\s])\s*:\s*(\d{1,6})\s*$/.exec(text);
  const count = Number(match?.[2] ?? 0);
  return match?.[1] === undefined || count === 0 ? [] : [{ name: match[1], count }];
}
