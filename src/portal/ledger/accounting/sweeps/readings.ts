import type { Sample } from '../../../../prometheus/sample.ts';
import { MS_PER_HOUR, resourceOfMetric, usageMetricName } from '../../../../prometheus/usage-metrics.ts';
import type { Reading, Sweep } from '../../ledger.ts';
import { eachInSteps, type Steps } from '../../../../prometheus/steps.ts';
import { ExporterVersions, FactsReader, isNeededFact } from './exporter-facts.ts';
import { Refusals, type RefusalReason } from './refusals.ts';
import { SeriesReader, type KnownSeries, type Series } from './series.ts';
import { meterKey } from '../meters/identity.ts';
import { DEFAULT_SWEEP_LIMITS, type SweepLimits } from './sweep-limits.ts';

/** Prefix of the series about an exporter itself. */
const EXPORTER_PREFIX = 'stackmeter_exporter_';

export interface SweepOptions {
  limits?: SweepLimits | undefined;
  /** Ids of pool projects whose parts all carry the id of the pool (rule A9). */
  pools?: ReadonlySet<string> | undefined;
  /** Remembers series from one instant to the next. */
  known?: KnownSeries | undefined;
  /** The unit of memory at exporters that state nothing about their totals; MiB by default. */
  memoryUnit?: MemoryUnit | undefined;
}

/** Our exporter counts MiB. Later versions of the earlier exporter count GiB under the same metric name. */
export type MemoryUnit = 'MiB' | 'GiB';

const MIB_IN: Readonly<Record<MemoryUnit, number>> = { MiB: 1, GiB: 1024 };

const NO_POOLS: ReadonlySet<string> = new Set();

/** A reading, before the facts of its exporter are known. */
interface Candidate {
  reading: Reading;
  /** The total of the series, amount × hours in the unit of the site. */
  hours: number;
  /** By `exporterKey`. */
  exporter: string;
  /** The time of the sample. If two series have the same meter, the newer one counts. */
  timestampMs: number | undefined;
}

/**
 * Turns the samples that a site delivers at one instant into readings (rules A0, A9, A10), in steps. Refuses each bad series
 * by itself, and counts refusals by reason. `receivedAtMs` is the portal's time, Unix milliseconds.
 */
export function* sweepSteps(
  samples: Iterable<Sample>,
  receivedAtMs: number,
  options?: SweepOptions,
): Steps<Sweep> {
  const reader = new SweepReader(options);
  yield* eachInSteps(samples, (sample) => reader.add(sample));
  return yield* reader.finish(receivedAtMs);
}

/** The memory of a reading, estimated. */
export const BYTES_OF_READING = 250;

/** Like `sweepSteps`, sample by sample. Keeps only the readings of a large body, and the facts that they need, in memory. */
export class SweepReader {
  readonly #limits: SweepLimits;
  readonly #memoryUnit: MemoryUnit;
  readonly #refusals = new Refusals();
  readonly #facts = new FactsReader();
  readonly #versions = new ExporterVersions();
  readonly #candidates: Candidate[] = [];
  readonly #series: SeriesReader;

  constructor({
    limits = DEFAULT_SWEEP_LIMITS,
    pools = NO_POOLS,
    memoryUnit = 'MiB',
    known,
  }: SweepOptions = {}) {
    this.#limits = limits;
    this.#series = new SeriesReader(pools, known);
    this.#memoryUnit = memoryUnit;
  }

  /** The memory of the readings so far, estimated. */
  get bytes(): number {
    return BYTES_OF_READING * this.#candidates.length + this.#series.bytes;
  }

  add(sample: Sample): void {
    if (sample.name.startsWith(EXPORTER_PREFIX)) {
      if (isNeededFact(sample.name) && !this.#facts.add(sample))
        this.#refusals.add('too many exporters', sample);
      this.#versions.add(sample);
      return;
    }
    const reason = whyRefused(sample, this.#limits) ?? this.#whyNoRoom();
    const series = reason ?? this.#series.read(sample);
    if (typeof series === 'string') this.#refusals.add(series, sample);
    else this.#candidates.push(candidateOf(series, sample));
  }

  *finish(receivedAtMs: number): Steps<Sweep> {
    const byMeter = new Map<string, Candidate>();
    yield* eachInSteps(this.#candidates, (candidate) => {
      complete(candidate, this.#facts, receivedAtMs, this.#memoryUnit);
      this.#take(candidate, byMeter, receivedAtMs);
    });
    const readings: Reading[] = [];
    yield* eachInSteps(byMeter.values(), ({ reading }) => void readings.push(reading));
    return { receivedAtMs, readings, refusals: this.#refusals.list(), ...this.#versions.known() };
  }

  #whyNoRoom(): RefusalReason | undefined {
    return this.bytes < this.#limits.maxBytes ? undefined : 'too many series';
  }

  #take(candidate: Candidate, byMeter: Map<string, Candidate>, receivedAtMs: number): void {
    const key = meterKey(candidate.reading);
    const rival = byMeter.get(key);
    const reason =
      whyTimeRefused(candidate.reading.atMs, receivedAtMs, this.#limits) ??
      whyTotalRefused(candidate.reading.total, this.#limits);
    if (reason !== undefined) this.#refusals.add(reason, sampleOf(candidate));
    else if (rival === undefined && byMeter.size >= this.#limits.maxSeries)
      this.#refusals.add('too many series', sampleOf(candidate));
    else byMeter.set(key, rival === undefined ? candidate : newerOf(rival, candidate, this.#refusals));
  }
}

function candidateOf({ reading, exporter }: Series, { value, timestampMs }: Sample): Candidate {
  return { reading: { ...reading }, hours: value, exporter, timestampMs };
}

/** Adds the facts of the exporter to a reading. They may follow the reading in the body. */
function complete(
  candidate: Candidate,
  facts: FactsReader,
  receivedAtMs: number,
  memoryUnit: MemoryUnit,
): void {
  const fact = facts.of(candidate.exporter);
  const isStated = fact.epoch !== undefined || fact.foldedUntilMs !== undefined;
  const isScaled = !isStated && candidate.reading.resource === 'mb';
  candidate.reading.total = totalOf(candidate.hours * MIB_IN[isScaled ? memoryUnit : 'MiB']);
  candidate.reading.atMs = fact.foldedUntilMs ?? candidate.timestampMs ?? receivedAtMs;
  candidate.reading.epoch = fact.epoch ?? '';
  candidate.timestampMs ??= receivedAtMs;
}

/** Rebuilds the name and labels of a sample that is no longer in memory. */
function sampleOf({ reading, hours, exporter, timestampMs }: Candidate): Sample {
  const { cloud, projectId, projectName, domainId, domainName, resource, servers } = reading;
  const [, instance = ''] = exporter.split('\0');
  const { flavor = '', state = '' } = servers ?? {};
  const labels = { cloud, instance, project_id: projectId, project_name: projectName };
  const all = Object.entries({ ...labels, domain_id: domainId, domain_name: domainName, flavor, state });
  return {
    name: usageMetricName(resource),
    labels: Object.fromEntries(all.filter(([, text]) => text !== '')),
    value: hours,
    timestampMs,
  };
}

/** Converts amount × hours to whole amount × milliseconds. Beyond 2^53 every double is whole. */
export function totalOf(hours: number): bigint {
  return BigInt(Math.round(hours * MS_PER_HOUR));
}

/** A9: the newer of two series for one meter counts. The other is refused, because a lasting second series is a fault. */
function newerOf(one: Candidate, other: Candidate, refusals: Refusals): Candidate {
  if (isDeliveredTwice(one, other)) return one;
  const isOther = areRivals(one, other) ? other.exporter < one.exporter : isNewer(other, one);
  const [left, taken] = isOther ? [one, other] : [other, one];
  refusals.add('a second series for one meter', sampleOf(left));
  return taken;
}

/** A sender that misses an answer writes the same sample again. */
function isDeliveredTwice(one: Candidate, other: Candidate): boolean {
  return (
    one.timestampMs === other.timestampMs &&
    one.exporter === other.exporter &&
    one.reading.total === other.reading.total &&
    one.reading.projectName === other.reading.projectName &&
    one.reading.domainName === other.reading.domainName
  );
}

/**
 * Two exporters that both state no epoch: their totals cannot be compared, and every sweep may have another newer one. So
 * the same one of them always counts.
 */
function areRivals(one: Candidate, other: Candidate): boolean {
  const isNamed = one.reading.epoch !== '' || other.reading.epoch !== '';
  return !isNamed && one.exporter !== other.exporter;
}

function isNewer(one: Candidate, other: Candidate): boolean {
  const [oneMs, otherMs] = [one.timestampMs ?? 0, other.timestampMs ?? 0];
  if (oneMs !== otherMs) return oneMs > otherMs;
  if (one.reading.atMs !== other.reading.atMs) return one.reading.atMs > other.reading.atMs;
  return one.reading.total > other.reading.total;
}

function whyRefused({ name, labels, value }: Sample, limits: SweepLimits): RefusalReason | undefined {
  if (resourceOfMetric(name) === undefined) return 'a foreign metric name';
  if (Number.isNaN(value)) return 'not a number';
  if (!Number.isFinite(value)) return 'an infinite total';
  if (value < 0) return 'a negative total';
  if (value > limits.maxTotalHours) return 'an implausibly large total';
  return labels['project_id'] ? undefined : 'no project_id';
}

function whyTotalRefused(total: bigint, limits: SweepLimits): RefusalReason | undefined {
  return total > totalOf(limits.maxTotalHours) ? 'an implausibly large total' : undefined;
}

function whyTimeRefused(atMs: number, receivedAtMs: number, limits: SweepLimits): RefusalReason | undefined {
  if (!Number.isSafeInteger(atMs)) return 'no time';
  if (atMs > receivedAtMs + limits.futureToleranceMs) return 'a time in the future';
  return atMs < receivedAtMs - limits.pastToleranceMs ? 'a time too long ago' : undefined;
}
