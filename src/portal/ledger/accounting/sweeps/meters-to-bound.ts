import { eachInSteps, type Steps } from '../../../../prometheus/steps.ts';
import type { Reading } from '../../ledger.ts';
import { mayJump } from '../meters/jumps.ts';
import { type BookedMeter } from './sweep.ts';
import { meterKey } from '../meters/identity.ts';

/** The meters whose usual rate is needed: with a reading of another epoch, or with a possible jump and no epoch. */
export function* metersToBound<Meter extends BookedMeter>(
  meters: ReadonlyMap<string, Meter>,
  readings: readonly Reading[],
): Steps<Map<string, Meter>> {
  const changing = new Map<string, Meter>();
  const epochs = new Set<string>();
  yield* eachInSteps(readings, ({ epoch }) => void epochs.add(epoch));
  for (const { epoch } of meters.values()) epochs.add(epoch);
  if (epochs.size < 2 && !epochs.has('')) return changing;
  yield* eachInSteps(readings, (reading) => {
    const key = meterKey(reading);
    const meter = meters.get(key);
    if (meter === undefined) return;
    if (meter.epoch !== reading.epoch || (reading.epoch === '' && mayJump(meter, reading.total)))
      changing.set(key, meter);
  });
  return changing;
}
