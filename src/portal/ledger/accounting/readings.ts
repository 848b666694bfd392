import type { Labels, Sample } from '../../../prometheus/sample.ts';
import { MS_PER_HOUR, resourceOfMetric } from '../../../prometheus/usage-metrics.ts';
import type { Reading, Sweep } from '../ledger.ts';
import { exporterFacts, exporterKey, type FactsByExporter } from './exporter-facts.ts';
import { Refusals, type RefusalReason } from './refusals.ts';
import { meterKey } from './sweep.ts';
import { DEFAULT_SWEEP_LIMITS, type SweepLimits } from './sweep-limits.ts';

/** How the series about an exporter itself begin. */
const EXPORTER_PREFIX = 'stackmeter_exporter_';

/** Labels that come into the ledger. */
const KEPT_LABELS = ['project_id', 'project_name', 'domain_id', 'domain_name', 'cloud'] as const;

export interface SweepOptions {
  limits?: SweepLimits | undefined;
  /** Ids of split pool projects whose parts all come under the id of the pool (rule A9). */
  pools?: ReadonlySet<string> | undefined;
}

const NO_POOLS: ReadonlySet<string> = new Set();

interface Candidate {
  reading: Reading;
  /** When it was sampled: where two series are of one meter, the newer counts. */
  sampledAtMs: number;
  sample: Sample;
}

/**
 * Makes readings of what a site delivered at one instant (rules A0, A9, A10). What cannot be accounted for is refused
 * series by series, counted by reason. `receivedAtMs` is the portal's time, Unix milliseconds.
 */
export function readSweep(
  samples: readonly Sample[],
  receivedAtMs: number,
  { limits = DEFAULT_SWEEP_LIMITS, pools = NO_POOLS }: SweepOptions = {},
): Sweep {
  const refusals = new Refusals();
  const facts = exporterFacts(samples.filter(({ name }) => name.startsWith(EXPORTER_PREFIX)));
  const byMeter = new Map<string, Candidate>();
  for (const sample of samples) {
    if (sample.name.startsWith(EXPORTER_PREFIX)) continue;
    const reason = whyRefused(sample, limits);
    if (reason !== undefined) refusals.add(reason, sample);
    else take(candidateOf(sample, facts, receivedAtMs, pools), byMeter, receivedAtMs, limits, refusals);
  }
  return {
    receivedAtMs,
    readings: [...byMeter.values()].map(({ reading }) => reading),
    refusals: refusals.list(),
  };
}

function take(
  candidate: Candidate,
  byMeter: Map<string, Candidate>,
  receivedAtMs: number,
  limits: SweepLimits,
  refusals: Refusals,
): void {
  const key = meterKey(candidate.reading);
  const rival = byMeter.get(key);
  const reason = whyTimeRefused(candidate.reading.atMs, receivedAtMs, limits);
  if (reason !== undefined) refusals.add(reason, candidate.sample);
  else if (rival === undefined && byMeter.size >= limits.maxSeries)
    refusals.add('too many series', candidate.sample);
  else byMeter.set(key, rival === undefined ? candidate : newerOf(rival, candidate, refusals));
}

function candidateOf(
  sample: Sample,
  facts: FactsByExporter,
  receivedAtMs: number,
  pools: ReadonlySet<string>,
): Candidate {
  const { labels, value, timestampMs } = sample;
  const fact = facts.get(exporterKey(labels));
  const reading: Reading = {
    cloud: labels['cloud'] ?? '',
    projectId: projectIdOf(labels, pools),
    projectName: labels['project_name'] ?? '',
    domainId: labels['domain_id'] ?? '',
    domainName: labels['domain_name'] ?? '',
    resource: resourceOfMetric(sample.name) ?? '',
    total: totalOf(value),
    atMs: fact?.foldedUntilMs ?? timestampMs ?? receivedAtMs,
    epoch: fact?.epoch ?? '',
  };
  return { reading, sampledAtMs: timestampMs ?? receivedAtMs, sample };
}

/** A9: a pool's name tells its parts apart where its exporter gives all of them the id of the pool. */
function projectIdOf(labels: Labels, pools: ReadonlySet<string>): string {
  const id = labels['project_id'] ?? '';
  return pools.has(id) ? `${id}/${labels['project_name'] ?? ''}` : id;
}

/** Amount × hours as it travels, in whole amount × milliseconds. Beyond 2^53 a double is whole anyway. */
export function totalOf(hours: number): bigint {
  return BigInt(Math.round(hours * MS_PER_HOUR));
}

/** A9: of two series for one meter the newer counts; the other is reported, since a lasting double is a fault. */
function newerOf(one: Candidate, other: Candidate, refusals: Refusals): Candidate {
  const isOther = areRivals(one, other) ? isFirst(other, one) : isNewer(other, one);
  const [left, taken] = isOther ? [one, other] : [other, one];
  refusals.add('a second series for one meter', left.sample);
  return taken;
}

/**
 * Two exporters of which neither states whose its totals are: they are not comparable, and which is newer changes with every
 * sweep. One of them counts, always the same.
 */
function areRivals(one: Candidate, other: Candidate): boolean {
  const isNamed = one.reading.epoch !== '' || other.reading.epoch !== '';
  return !isNamed && instanceOf(one) !== instanceOf(other);
}

function isFirst(one: Candidate, other: Candidate): boolean {
  return instanceOf(one) < instanceOf(other);
}

function instanceOf({ sample }: Candidate): string {
  return sample.labels['instance'] ?? '';
}

function isNewer(one: Candidate, other: Candidate): boolean {
  if (one.sampledAtMs !== other.sampledAtMs) return one.sampledAtMs > other.sampledAtMs;
  if (one.reading.atMs !== other.reading.atMs) return one.reading.atMs > other.reading.atMs;
  return one.reading.total > other.reading.total;
}

function whyRefused({ name, labels, value }: Sample, limits: SweepLimits): RefusalReason | undefined {
  if (resourceOfMetric(name) === undefined) return 'a foreign metric name';
  if (Number.isNaN(value)) return 'not a number';
  if (!Number.isFinite(value)) return 'an infinite total';
  if (value < 0) return 'a negative total';
  if (value > limits.maxTotalHours) return 'an implausibly large total';
  if (!labels['project_id']) return 'no project_id';
  const kept = KEPT_LABELS.map((label) => labels[label] ?? '');
  if (kept.some((text) => text.length > limits.maxLabelLength)) return 'an over-long label';
  return kept.some((text) => text.includes('\0')) ? 'a label with a NUL character' : undefined;
}

function whyTimeRefused(atMs: number, receivedAtMs: number, limits: SweepLimits): RefusalReason | undefined {
  if (!Number.isSafeInteger(atMs)) return 'no time';
  if (atMs > receivedAtMs + limits.futureToleranceMs) return 'a time in the future';
  return atMs < receivedAtMs - limits.pastToleranceMs ? 'a time too long ago' : undefined;
}
