import { eachInSteps, type Steps } from '../../../../prometheus/steps.ts';
import type { Reading } from '../../ledger.ts';
import { projectKey } from '../meters/identity.ts';

/**
 * Splits readings into parts of about `size`, in their order. Each part has all readings of its projects. Parts can be folded
 * one after the other: a meter depends only on the readings of its project and on the courses of the clouds. A part is
 * larger than `size` only if one project has more readings. With `meterKey` as `keyOf`, a part has all readings of its meters.
 */
export function* partsOfSweep(
  readings: readonly Reading[],
  size: number,
  keyOf: (reading: Reading) => string = projectKey,
): Steps<Reading[][]> {
  if (readings.length <= size) return readings.length === 0 ? [] : [[...readings]];
  const groups = new Map<string, Reading[]>();
  yield* eachInSteps(readings, (reading) => {
    const key = keyOf(reading);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [reading]);
    else known.push(reading);
  });
  const parts: Reading[][] = [];
  let last: Reading[] | undefined;
  yield* eachInSteps(groups.values(), (group) => {
    if (last === undefined || last.length + group.length > size) parts.push((last = []));
    for (const reading of group) last.push(reading);
  });
  return parts;
}
