/**
 * The facts of a flavor, as a server has it. Flavors with the same facts are one flavor: a flavor that was deleted and
 * created again under its name with another size is another one.
 */
export interface FlavorFacts extends FlavorSizes {
  /** The same text for the same facts. */
  readonly key: string;
}

export interface FlavorSizes {
  /** Undefined if Nova told only the sizes. */
  readonly name?: string;
  readonly vcpu: number;
  readonly mb: number;
  /** GiB of root and ephemeral disk together, as Nova counts usage. */
  readonly disk_gb: number;
  /** GiB. Undefined if the server's own flavor could not be read. */
  readonly ephemeral_gb?: number;
  /** MiB. Undefined if the server's own flavor could not be read. */
  readonly swap_mb?: number;
  /** How many devices of each name, such as `a100`. Undefined if the role may not read extra specs. */
  readonly devices?: Readonly<Record<string, number>>;
}

export function flavorFacts(facts: FlavorSizes): FlavorFacts {
  const { name, vcpu, mb, disk_gb, ephemeral_gb, swap_mb, devices } = facts;
  const sorted = devices && Object.entries(devices).sort(([a], [b]) => (a < b ? -1 : 1));
  return { ...facts, key: JSON.stringify([name, vcpu, mb, disk_gb, ephemeral_gb, swap_mb, sorted]) };
}

/** Whether `later` is the same flavor as `earlier`, with facts that could not be read before. */
export function tellsMore(earlier: FlavorFacts | undefined, later: FlavorFacts | undefined): boolean {
  if (earlier === undefined || later === undefined) return earlier === undefined && later !== undefined;
  const known = Object.entries(earlier).filter(([fact]) => fact !== 'key' && fact !== 'devices');
  const agrees = known.every(([fact, value]) => later[fact as keyof FlavorFacts] === value);
  return agrees && earlier.key !== later.key && earlier.devices === undefined;
}

/** Whether every fact of the flavor is known. */
export function isComplete(flavor: FlavorFacts | undefined): boolean {
  return flavor?.name !== undefined && flavor.swap_mb !== undefined && flavor.devices !== undefined;
}
