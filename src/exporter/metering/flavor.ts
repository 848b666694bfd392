import { flavorLabel, type FlavorFacts } from '../../prometheus/flavor-facts.ts';

/** A flavor is its facts (rule S2). */
export interface Flavor extends FlavorFacts {
  /** The same text for the same facts: the label of the flavor. */
  readonly key: string;
}

export function flavorOf(facts: FlavorFacts): Flavor {
  return { ...facts, key: flavorLabel(facts) };
}

/** Whether `later` is the same flavor as `earlier`, with facts that could not be read before. */
export function tellsMore(earlier: Flavor | undefined, later: Flavor | undefined): boolean {
  if (earlier === undefined || later === undefined) return earlier === undefined && later !== undefined;
  const known = Object.entries(earlier).filter(([fact]) => fact !== 'key' && fact !== 'devices');
  const agrees = known.every(([fact, value]) => later[fact as keyof Flavor] === value);
  return agrees && earlier.key !== later.key && earlier.devices === undefined;
}

/** Whether every fact of the flavor is known. */
export function isComplete(flavor: Flavor | undefined): boolean {
  return flavor?.name !== undefined && flavor.swap_mb !== undefined && flavor.devices !== undefined;
}
