import type { Sample } from '../../prometheus/sample.ts';
import type { Steps } from '../../prometheus/steps.ts';
import { exporterKey } from '../ledger/accounting/sweeps/exporter-facts.ts';
import { meterKey } from '../ledger/accounting/sweeps/sweep.ts';
import type { Reading, Sweep } from '../ledger/ledger.ts';

type ReadSweep = (samples: readonly Sample[], receivedAtMs: number) => Steps<Sweep>;

/** Samples, or readings, in a step. */
const ITEMS_IN_STEP = 2000;

/**
 * Makes one sweep of the samples of many instants: each exporter's scrape is judged by itself, with what it states
 * (rule A0). Of readings that say the same again one is kept.
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
  // What is refused of the past is refused of the present too, and counted there.
  return { receivedAtMs: nowMs, readings: [...readings.values()], refusals: [] };
}
