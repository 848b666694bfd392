/** Bytes of a key, and about those of a small value. */
const bytesOfKey = (key: string) => 2 * key.length + 200;

/**
 * Remembers what `make` made for the last keys, as many as take `maxBytes` by `bytesOf`: what is asked for again and again is
 * made once. A value that takes more is not remembered.
 */
export function remembered<T>(
  make: (key: string) => T,
  maxBytes: number,
  bytesOf: (key: string) => number = bytesOfKey,
): (key: string) => T {
  const known = new Map<string, { value: T; bytes: number }>();
  let left = maxBytes;
  const remember = (key: string, value: T, bytes: number) => {
    known.set(key, { value, bytes });
    left -= bytes;
    for (const [oldest, { bytes: freed }] of known) {
      if (left >= 0) return;
      known.delete(oldest);
      left += freed;
    }
  };
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) {
      // The newest stands last.
      known.delete(key);
      known.set(key, found);
      return found.value;
    }
    const value = make(key);
    remember(key, value, bytesOf(key));
    return value;
  };
}
