/** Remembers what `make` made for the last `size` keys: what is asked for again and again is made once. */
export function remembered<T>(make: (key: string) => T, size: number): (key: string) => T {
  const known = new Map<string, T>();
  return (key) => {
    const found = known.get(key);
    const value = found ?? make(key);
    // The newest stands last.
    if (found !== undefined) known.delete(key);
    known.set(key, value);
    if (known.size > size) known.delete(known.keys().next().value ?? key);
    return value;
  };
}
