import { endOf, type ServerLife } from './server-life.ts';

/** Returns the lives that overlap [fromMs, toMs], in their own order. */
export type LifeIndex = (fromMs: number, toMs: number) => readonly ServerLife[];

/**
 * An index of lives, so that a search does not read all of them. Lives that end after the start of the window are the tail
 * of all lives sorted by end; lives that start before its end are the head of all lives sorted by start. A search reads
 * the shorter of the two.
 */
export function lifeIndex(lives: readonly ServerLife[]): LifeIndex {
  const begins = Float64Array.from(lives, (life) => life.launches[0].atMs);
  const ends = Float64Array.from(lives, endOf);
  const byBegin = sortedBy(begins);
  const byEnd = sortedBy(ends);
  let last: { fromMs: number; toMs: number; found: readonly ServerLife[] } | undefined;
  return (fromMs, toMs) => {
    // All pages of an answer need the same window.
    if (last?.fromMs !== fromMs || last.toMs !== toMs) last = { fromMs, toMs, found: find(fromMs, toMs) };
    return last.found;
  };

  function find(fromMs: number, toMs: number): ServerLife[] {
    const head = byBegin.subarray(
      0,
      firstWith(byBegin, (place) => (begins[place] ?? 0) > toMs),
    );
    const tail = byEnd.subarray(firstWith(byEnd, (place) => (ends[place] ?? 0) >= fromMs));
    const candidates = head.length < tail.length ? head : tail;
    return candidates
      .filter((place) => (begins[place] ?? 0) <= toMs && (ends[place] ?? 0) >= fromMs)
      .sort()
      .reduce<ServerLife[]>((found, place) => {
        found.push(lives[place] as ServerLife);
        return found;
      }, []);
  }
}

function sortedBy(values: Float64Array): Uint32Array {
  return Uint32Array.from(values.keys()).sort((a, b) => compare(values[a] ?? 0, values[b] ?? 0));
}

/** Compares without a subtraction, because Infinity minus Infinity is NaN. */
function compare(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The first position for which `holds` is true. It must be true for all later positions too. */
function firstWith(places: Uint32Array, holds: (place: number) => boolean): number {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(places[middle] ?? 0)) high = middle;
    else low = middle + 1;
  }
  return low;
}
