import { cleanId, cleanName } from '../../../../prometheus/label-text.ts';
import { EXPORTER_METRICS } from '../../../../prometheus/usage-metrics.ts';
import type { Labels, Sample } from '../../../../prometheus/sample.ts';

/** The facts that an exporter states about its totals. */
interface ExporterFacts {
  /** The instant up to which the totals count (rule A0), Unix milliseconds. */
  foldedUntilMs: number | undefined;
  epoch: string | undefined;
}

/** A fact and the time of its sample. The newer of two samples counts; at the same time, the one that is read later. */
interface Statement<T> {
  fact: T;
  timestampMs: number;
}

interface FactStatements {
  foldedUntilMs?: Statement<number>;
  epoch?: Statement<string>;
}

const NO_FACTS: FactStatements = {};

/** The largest number of exporters at a site that may state facts. A cloud has one exporter, or a few. */
const MAX_EXPORTERS = 1000;

/** Whether readings need this series. An exporter has other series about itself, and later versions may have more. */
export function isNeededFact(metricName: string): boolean {
  return metricName === EXPORTER_METRICS.foldedUntil || metricName === EXPORTER_METRICS.epochInfo;
}

/** Identifies an exporter in a sweep by cloud and instance. */
export function exporterKey(labels: Labels): string {
  return `${cleanId(labels['cloud'] ?? '')}\0${cleanId(labels['instance'] ?? '')}`;
}

/** Collects facts sample by sample, for a bounded number of exporters. */
export class FactsReader {
  /** By `exporterKey`. */
  readonly #facts = new Map<string, FactStatements>();

  /** The number of exporters that have stated facts. */
  get size(): number {
    return this.#facts.size;
  }

  /** Returns false if there is no room for another exporter. */
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
    const { foldedUntilMs, epoch } = this.#facts.get(exporter) ?? NO_FACTS;
    return { foldedUntilMs: foldedUntilMs?.fact, epoch: epoch?.fact };
  }

  #factsOf(exporter: string): FactStatements | undefined {
    const known = this.#facts.get(exporter);
    if (known !== undefined) return known;
    if (this.#facts.size >= MAX_EXPORTERS) return undefined;
    const facts: FactStatements = {};
    // A copy: a part of the body would keep the whole body in memory.
    this.#facts.set(Buffer.from(exporter).toString(), facts);
    return facts;
  }
}

/** A site has one exporter for each of its clouds, and they mostly have one version. */
const MAX_VERSIONS = 5;
const LONGEST_VERSION = 40;

/** Collects the versions that exporters state. They are for people, and decide nothing. */
export class ExporterVersions {
  readonly #versions = new Set<string>();

  add({ name, labels, value }: Sample): void {
    if (name !== EXPORTER_METRICS.buildInfo || value !== 1 || this.#versions.size >= MAX_VERSIONS) return;
    const version = cleanName(labels['version'] ?? '').slice(0, LONGEST_VERSION);
    // A copy: a part of the body would keep the whole body in memory.
    if (version !== '') this.#versions.add(Buffer.from(version).toString());
  }

  known(): { versions?: string[] } {
    return this.#versions.size === 0 ? {} : { versions: [...this.#versions].sort() };
  }
}

/** The epoch that an info series states. The collector and remote write both read it here. */
export function epochIn(labels: Labels): string {
  return Buffer.from(cleanId(labels['epoch'] ?? '')).toString();
}

function newer<T>(known: Statement<T> | undefined, fact: T, timestampMs: number): Statement<T> {
  return known !== undefined && known.timestampMs > timestampMs ? known : { fact, timestampMs };
}
