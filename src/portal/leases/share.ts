/** The names to share and their present holders. A name has at most one holder. */
export interface LeaseTable {
  names: readonly string[];
  /** All living portals that share these names, including this one. */
  portals: readonly string[];
  /** The holder of each name, if it is a living portal. May have other names and portals, too. */
  leases: ReadonlyMap<string, string>;
}

/**
 * Decides which free names a portal takes, and which of its names it gives back. In the end every name has a holder, and
 * the counts of two portals differ by one at most. A portal with no more than its share keeps all its names.
 */
export function shareOf(
  me: string,
  { names, portals, leases }: LeaseTable,
): { take: string[]; giveBack: string[] } {
  const mine = names.filter((name) => leases.get(name) === me);
  const free = names.filter((name) => !leases.has(name));
  const limit = limitOf(me, { names, portals, leases });
  return { take: free.slice(0, Math.max(0, limit - mine.length)), giveBack: mine.slice(limit) };
}

/** A portal's share: an equal part, and one of the remaining names. Portals that already have more come first for those. */
function limitOf(me: string, { names, portals, leases }: LeaseTable): number {
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
