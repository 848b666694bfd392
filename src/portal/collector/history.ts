import type { Sample } from '../../prometheus/sample.ts';
import type { Steps } from '../../prometheus/steps.ts';
import { exporterKey } from '../ledger/accounting/sweeps/exporter-facts.ts';
import { meterKey } from '../ledger/accounting/meters/identity.ts';
import type { Reading, Sweep } from '../ledger/ledger.ts';

type ReadSweep = (samples: readonly Sample[], receivedAtMs: number) => Steps<Sweep>;

/** Samples or readings in one step. */
const ITEMS_IN_STEP = 2000;

/**
 * Turns samples of many instants into one sweep. Each scrape of an exporter is read by itself, with the facts that the
 * exporter states in it (rule A0). Repeated readings are kept once.
 */
export function* sweepOfHistory(
  samples: readonly Sample[],
  nowMs: number,
  readSweep: ReadSweep,
): Steps<Sweep> {
  let items = 0;
  const isStepOver = () => (items += 1) % ITEMS_IN_STEP === 0;
  const scrapes = new Map<string, Sample[]>();
  for (const sample of samples) {
    const key = `${exporterKey(sample.labels)}\0${sample.timestampMs}`;
    const scrape = scrapes.get(key);
    if (scrape === undefined) scrapes.set(key, [sample]);
    else scrape.push(sample);
    if (isStepOver()) yield;
  }
  const readings = new Map<string, Reading>();
  for (const scrape of scrapes.values()) {
    if (isStepOver()) yield;
    for (const reading of (yield* readSweep(scrape, nowMs)).readings) {
      readings.set(`${meterKey(reading)}\0${reading.atMs}`, reading);
      if (isStepOver()) yield;
    }
  }
  // Series that are refused here are refused in the present sweep, too, and counted there.
  return { receivedAtMs: nowMs, readings: [...readings.values()], refusals: [] };
}
