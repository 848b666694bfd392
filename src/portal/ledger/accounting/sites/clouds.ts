import { eachInSteps, type Steps } from '../../../../prometheus/steps.ts';
import type { Reading } from '../../ledger.ts';

/** The clouds of a site that the ledger knows. */
export interface KnownClouds {
  /** By epoch: the cloud of its first reading. */
  ofEpochs: ReadonlyMap<string, string>;
  /** Clouds with earlier readings. */
  read: ReadonlySet<string>;
  /** The clouds that the configuration names; undefined if it names none. */
  configured?: ReadonlySet<string> | undefined;
}

/**
 * Puts each reading into its cloud (rule A9). Any hop on the way can set the label `cloud`, so the label is the last
 * resort. An epoch stays in the cloud of its first reading, whichever way its totals come. Without an epoch, the label
 * counts if its cloud is configured or has earlier readings.
 */
export function* inTheirClouds(readings: readonly Reading[], known: KnownClouds): Steps<Reading[]> {
  const ofEpochs = new Map(known.ofEpochs);
  const settled: Reading[] = [];
  yield* eachInSteps(readings, (reading) => {
    const cloud = cloudOf(reading, ofEpochs, known);
    if (reading.epoch !== '') ofEpochs.set(reading.epoch, cloud);
    settled.push(cloud === reading.cloud ? reading : { ...reading, cloud });
  });
  return settled;
}

function cloudOf(
  { cloud, epoch }: Reading,
  ofEpochs: ReadonlyMap<string, string>,
  { read, configured }: KnownClouds,
): string {
  const bound = epoch === '' ? undefined : ofEpochs.get(epoch);
  if (bound !== undefined) return bound;
  if (configured !== undefined) return configured.has(cloud) ? cloud : '';
  return epoch !== '' || read.has(cloud) ? cloud : '';
}
