/** What is to be shared: every name is held by one portal at most. */
export interface Shared {
  names: readonly string[];
  /** All that live and share, this one included. */
  portals: readonly string[];
  /** Holder by name, of living portals; also of names and portals that are not among these. */
  leases: ReadonlyMap<string, string>;
}

/**
 * What a portal is to take of what is free, and to give back of what it has. In the end every name is held and no two
 * portals differ by more than one; who has no more than its share keeps all that it has.
 */
export function shareOf(
  me: string,
  { names, portals, leases }: Shared,
): { take: string[]; giveBack: string[] } {
  const mine = names.filter((name) => leases.get(name) === me);
  const free = names.filter((name) => !leases.has(name));
  const limit = limitOf(me, { names, portals, leases });
  return { take: free.slice(0, Math.max(0, limit - mine.length)), giveBack: mine.slice(limit) };
}

/** An equal part, and one more for as many portals as there are names left over: those that have more already come first. */
function limitOf(me: string, { names, portals, leases }: Shared): number {
  const least = Math.floor(names.length / portals.length);
  const counts = new Map(portals.map((portal) => [portal, 0]));
  for (const name of names) {
    const holder = leases.get(name) ?? '';
    counts.set(holder, (counts.get(holder) ?? 0) + 1);
  }
  const own = counts.get(me) ?? 0;
  const first = portals.filter((portal) => {
    const count = counts.get(portal) ?? 0;
    return portal !== me && count > least && (count > own || (count === own && portal < me));
  });
  return least + (first.length < names.length % portals.length ? 1 : 0);
}
