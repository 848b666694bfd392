/** The bytes of a key in memory, and about those of a small value. */
const bytesOfKey = (key: string) => 2 * key.length + 200;

interface CachedValue<T> {
  value: T;
  bytes: number;
  /** Whether it was asked for since it was made, or since its second chance. */
  used: boolean;
}

/**
 * Wraps `make` with a cache of its last results: when the cache, measured by `bytesOf`, exceeds `maxBytes`, the oldest ones go
 * that were not used meanwhile. A single value larger than that is not cached. `mayGo` is asked before a value goes: if it
 * says false, the value stays for another round. It says true the second time.
 */
export function remembered<T>(
  make: (key: string) => T,
  maxBytes: number,
  bytesOf: (key: string) => number = bytesOfKey,
  mayGo: (value: T) => boolean = () => true,
): (key: string) => T {
  const known = new Map<string, CachedValue<T>>();
  // One iterator for all: a new one would pass every key that left the map's beginning, for each key that it forgets.
  let oldestFirst = known.entries();
  let left = maxBytes;
  /** Gives a used value a second chance. Returns the bytes that became free. */
  const forgetOldest = (): number => {
    const { done, value } = oldestFirst.next();
    if (done === true) {
      oldestFirst = known.entries();
      return 0;
    }
    const [key, oldest] = value;
    known.delete(key);
    if (!oldest.used && mayGo(oldest.value)) return oldest.bytes;
    oldest.used = false;
    known.set(key, oldest);
    return 0;
  };
  const remember = (key: string, value: T, bytes: number) => {
    if (bytes > maxBytes) return;
    while (left < bytes) left += forgetOldest();
    known.set(key, { value, bytes, used: false });
    left -= bytes;
  };
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) {
      // Moving the key to the end of the map would cost more than everything else here.
      found.used = true;
      return found.value;
    }
    const value = make(key);
    remember(key, value, bytesOf(key));
    return value;
  };
}
