import { eachInSteps, type Steps } from '../../../../prometheus/steps.ts';
import type { Reading } from '../../ledger.ts';

/** What the ledger knows of the clouds of a site. */
export interface KnownClouds {
  /** By epoch: the cloud under which it was read first. */
  ofEpochs: ReadonlyMap<string, string>;
  /** Clouds that were read before. */
  read: ReadonlySet<string>;
  /** The clouds that the configuration names; undefined where it says nothing. */
  configured?: ReadonlySet<string> | undefined;
}

/**
 * Puts each reading into its cloud (rule A9). Any hop can set the label `cloud`, so the label decides only where nothing
 * better is known: an epoch stays in the cloud under which it was read first, by whatever way its totals come. Without
 * an epoch, the label counts where it names a cloud that is configured or was read before.
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
