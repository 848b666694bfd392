/** The bytes of a key in memory, and about those of a small value. */
const bytesOfKey = (key: string) => 2 * key.length + 200;

/**
 * Wraps `make` with a cache of its last results: the least recently used ones go when the cache, measured by `bytesOf`,
 * exceeds `maxBytes`. A single value larger than that is not cached.
 */
export function remembered<T>(
  make: (key: string) => T,
  maxBytes: number,
  bytesOf: (key: string) => number = bytesOfKey,
): (key: string) => T {
  const known = new Map<string, { value: T; bytes: number }>();
  // One iterator for all: a new one would pass every key that left the map's beginning, for each key that it forgets.
  let oldestFirst = known.entries();
  let left = maxBytes;
  /** Returns the bytes that became free. */
  const forgetOldest = (): number => {
    const { done, value } = oldestFirst.next();
    if (done === true) {
      oldestFirst = known.entries();
      return 0;
    }
    known.delete(value[0]);
    return value[1].bytes;
  };
  const remember = (key: string, value: T, bytes: number) => {
    if (bytes > maxBytes) return;
    while (left < bytes) left += forgetOldest();
    known.set(key, { value, bytes });
    left -= bytes;
  };
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) {
      // A map keeps the order of insertion: the most recently used key goes to the end.
      known.delete(key);
      known.set(key, found);
      return found.value;
    }
    const value = make(key);
    remember(key, value, bytesOf(key));
    return value;
  };
}
