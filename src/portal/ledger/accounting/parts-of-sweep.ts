import type { Reading } from '../ledger.ts';
import { projectKey } from './sweep.ts';

/**
 * The readings in parts of about `size`, each with all the readings of its projects, in their order. Parts can be folded
 * one after the other: what a meter becomes depends on its own readings, its project's, and the courses of the clouds.
 */
export function partsOfSweep(readings: readonly Reading[], size: number): Reading[][] {
  if (readings.length <= size) return readings.length === 0 ? [] : [[...readings]];
  const places = new Map<string, number>();
  const placeOf = readings.map((reading) => {
    const key = projectKey(reading);
    const known = places.get(key);
    if (known !== undefined) return known;
    places.set(key, places.size);
    return places.size - 1;
  });
  const projectsInPart = Math.max(1, Math.floor((size * places.size) / readings.length));
  const parts: Reading[][] = [];
  for (const [index, reading] of readings.entries()) {
    const part = Math.floor((placeOf[index] ?? 0) / projectsInPart);
    (parts[part] ??= []).push(reading);
  }
  return parts;
}
