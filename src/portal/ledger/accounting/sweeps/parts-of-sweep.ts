import { eachInSteps, type Steps } from '../../../../prometheus/steps.ts';
import type { Reading } from '../../ledger.ts';
import { projectKey } from './sweep.ts';

/**
 * Splits readings into parts of about `size`, in their order. Each part has all readings of its projects. Parts can be folded
 * one after the other: a meter depends only on the readings of its project and on the courses of the clouds. A part is
 * larger than `size` only if one project has more readings.
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
