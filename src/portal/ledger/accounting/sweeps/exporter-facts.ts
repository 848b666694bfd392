import { cleanId } from '../../../../prometheus/label-text.ts';
import { EXPORTER_METRICS } from '../../../../prometheus/usage-metrics.ts';
import type { Labels, Sample } from '../../../../prometheus/sample.ts';

/** What an exporter states about its totals. */
interface ExporterFacts {
  /** The instant up to which its totals count (rule A0), Unix milliseconds. */
  foldedUntilMs?: number;
  epoch?: string;
}

/** A fact and when it was sampled: of two samples of one fact the newer counts, or else the later one. */
interface Stated<T> {
  fact: T;
  timestampMs: number;
}

interface StatedFacts {
  foldedUntilMs?: Stated<number>;
  epoch?: Stated<string>;
}

/** So many exporters of a site may state something: a cloud has one, or a few. */
const MAX_EXPORTERS = 1000;

/** Whether a series is one that readings need; an exporter has others about itself, and may have more in a later version. */
export function isNeededFact(metricName: string): boolean {
  return metricName === EXPORTER_METRICS.foldedUntil || metricName === EXPORTER_METRICS.epochInfo;
}

/** Tells the exporters of one sweep apart: those of several clouds, and several instances at one cloud. */
export function exporterKey(labels: Labels): string {
  return `${cleanId(labels['cloud'] ?? '')}\0${cleanId(labels['instance'] ?? '')}`;
}

/** Gathers facts sample by sample, of a bounded number of exporters. */
export class FactsReader {
  /** By `exporterKey`. */
  readonly #facts = new Map<string, StatedFacts>();

  /** How many exporters have stated something. */
  get size(): number {
    return this.#facts.size;
  }

  /** False where there is no room for one more exporter. */
  add({ name, labels, value, timestampMs = 0 }: Sample): boolean {
    const isTime = name === EXPORTER_METRICS.foldedUntil && Number.isFinite(value) && value > 0;
    const isEpoch = name === EXPORTER_METRICS.epochInfo && value === 1;
    if (!isTime && !isEpoch) return true;
    const facts = this.#factsOf(exporterKey(labels));
    if (facts === undefined) return false;
    if (isTime) facts.foldedUntilMs = newer(facts.foldedUntilMs, Math.round(value * 1000), timestampMs);
    else facts.epoch = newer(facts.epoch, epochIn(labels), timestampMs);
    return true;
  }

  of(exporter: string): ExporterFacts {
    const { foldedUntilMs, epoch } = this.#facts.get(exporter) ?? {};
    return {
      ...(foldedUntilMs === undefined ? {} : { foldedUntilMs: foldedUntilMs.fact }),
      ...(epoch === undefined ? {} : { epoch: epoch.fact }),
    };
  }

  #factsOf(exporter: string): StatedFacts | undefined {
    const known = this.#facts.get(exporter);
    if (known !== undefined) return known;
    if (this.#facts.size >= MAX_EXPORTERS) return undefined;
    const facts: StatedFacts = {};
    // A copy: the key must not hold the body that it was cut from.
    this.#facts.set(Buffer.from(exporter).toString(), facts);
    return facts;
  }
}

/** The epoch that an info series states, as every way to the ledger takes it. */
export function epochIn(labels: Labels): string {
  return Buffer.from(cleanId(labels['epoch'] ?? '')).toString();
}

function newer<T>(known: Stated<T> | undefined, fact: T, timestampMs: number): Stated<T> {
  return known !== undefined && known.timestampMs > timestampMs ? known : { fact, timestampMs };
}
