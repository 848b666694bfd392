import type { Sample } from '../../prometheus/sample.ts';
import { exporterKey } from '../ledger/accounting/exporter-facts.ts';
import { meterKey } from '../ledger/accounting/sweep.ts';
import type { Reading, Sweep } from '../ledger/ledger.ts';

type ReadSweep = (samples: readonly Sample[], receivedAtMs: number) => Sweep;

/**
 * Makes one sweep of the samples of many instants: each exporter's scrape is judged by itself, with what it states
 * (rule A0). Of readings that say the same again one is kept.
 */
export function sweepOfHistory(samples: readonly Sample[], nowMs: number, readSweep: ReadSweep): Sweep {
  const scrapes = new Map<string, Sample[]>();
  for (const sample of samples) {
    const key = `${exporterKey(sample.labels)}\0${sample.timestampMs}`;
    const scrape = scrapes.get(key);
    if (scrape === undefined) scrapes.set(key, [sample]);
    else scrape.push(sample);
  }
  const readings = new Map<string, Reading>();
  for (const scrape of scrapes.values())
    for (const reading of readSweep(scrape, nowMs).readings)
      readings.set(`${meterKey(reading)}\0${reading.atMs}`, reading);
  // What is refused of the past is refused of the present too, and counted there.
  return { receivedAtMs: nowMs, readings: [...readings.values()], refusals: [] };
}
