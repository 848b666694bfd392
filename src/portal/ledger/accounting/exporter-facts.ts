import { cleanId } from '../../../prometheus/label-text.ts';
import { EXPORTER_METRICS } from '../../../prometheus/usage-metrics.ts';
import type { Labels, Sample } from '../../../prometheus/sample.ts';

/** What an exporter states about its totals. */
interface ExporterFacts {
  /** The instant up to which its totals count (rule A0), Unix milliseconds. */
  foldedUntilMs?: number;
  epoch?: string;
}

/** Facts by `exporterKey`. */
export type FactsByExporter = ReadonlyMap<string, ExporterFacts>;

/** Tells the exporters of one sweep apart: those of several clouds, and several instances at one cloud. */
export function exporterKey(labels: Labels): string {
  return `${cleanId(labels['cloud'] ?? '')}\0${cleanId(labels['instance'] ?? '')}`;
}

/** Collects the facts from the samples of a sweep; of two samples of one fact the newer counts. */
export function exporterFacts(samples: readonly Sample[]): FactsByExporter {
  const facts = new Map<string, ExporterFacts>();
  for (const sample of samples.toSorted(byTime)) {
    const fact = factIn(sample);
    if (fact === undefined) continue;
    const key = exporterKey(sample.labels);
    facts.set(key, { ...facts.get(key), ...fact });
  }
  return facts;
}

/** The epoch that an info series states, as every way to the ledger takes it. */
export function epochIn(labels: Labels): string {
  return cleanId(labels['epoch'] ?? '');
}

function byTime(one: Sample, other: Sample): number {
  return (one.timestampMs ?? 0) - (other.timestampMs ?? 0);
}

function factIn({ name, labels, value }: Sample): ExporterFacts | undefined {
  if (name === EXPORTER_METRICS.foldedUntil && Number.isFinite(value) && value > 0)
    return { foldedUntilMs: Math.round(value * 1000) };
  if (name === EXPORTER_METRICS.epochInfo && value === 1) return { epoch: epochIn(labels) };
  return undefined;
}
