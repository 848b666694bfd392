import { eachInSteps, type Steps } from '../../../../prometheus/steps.ts';
import type { Reading } from '../../ledger.ts';
import { projectKey } from './sweep.ts';

/**
 * The readings in parts of about `size`, each with all the readings of its projects, in their order. Parts can be folded
 * one after the other: what a meter becomes depends on its own readings, its project's, and the courses of the clouds.
 * A part is larger only where one project has more readings.
 */
export function* partsOfSweep(readings: readonly Reading[], size: number): Steps<Reading[][]> {
  if (readings.length <= size) return readings.length === 0 ? [] : [[...readings]];
  const projects = new Map<string, Reading[]>();
  yield* eachInSteps(readings, (reading) => {
    const key = projectKey(reading);
    const known = projects.get(key);
    if (known === undefined) projects.set(key, [reading]);
    else known.push(reading);
  });
  const parts: Reading[][] = [];
  let last: Reading[] | undefined;
  yield* eachInSteps(projects.values(), (ofProject) => {
    if (last === undefined || last.length + ofProject.length > size) parts.push((last = []));
    for (const reading of ofProject) last.push(reading);
  });
  return parts;
}
