import { endOf, type ServerLife } from './server-life.ts';

/** Finds the lives that touch a stretch of time, at a cost of what touches it and not of all there ever was. */
export type LifeIndex = (fromMs: number, toMs: number) => readonly ServerLife[];

/**
 * Lives that end at or after a begin of the window are a tail in the order of ends, those that began before its end a
 * head in the order of begins: the shorter of the two is looked through. `lives` are found in their own order.
 */
export function lifeIndex(lives: readonly ServerLife[]): LifeIndex {
  const begins = Float64Array.from(lives, (life) => life.launches[0].atMs);
  const ends = Float64Array.from(lives, endOf);
  const byBegin = sortedBy(begins);
  const byEnd = sortedBy(ends);
  let last: { fromMs: number; toMs: number; found: readonly ServerLife[] } | undefined;
  return (fromMs, toMs) => {
    // Pages of one answer ask for the same stretch.
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

/** Infinity minus itself is no number. */
function compare(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Position of the first place for which `holds`, which then holds for all that follow. */
function firstWith(places: Uint32Array, holds: (place: number) => boolean): number {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(places[middle] ?? 0)) high = middle;
    else low = middle + 1;
  }
  return low;
}
