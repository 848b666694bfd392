import type { Sample } from '../../prometheus/sample.ts';
import { EXPORTER_METRICS, resourceOfMetric } from '../../prometheus/usage-metrics.ts';
import { epochIn, exporterKey } from '../ledger/accounting/sweeps/exporter-facts.ts';
import type { SiteRule } from '../settings/sender-settings.ts';
import { originOf, type Origin } from './shared-jobs.ts';

/** One scrape of one exporter: its samples belong together (rule A0). */
export interface Instant {
  site: string;
  /** Identifies an exporter of the site. */
  exporter: string;
  /** The samples' timestamp, Unix milliseconds. */
  atMs: number;
}

/** The usage samples of one instant. */
export interface UsagePart extends Instant {
  samples: Sample[];
}

/** The facts that an exporter states about its totals of one instant. */
export interface FactPart extends Instant {
  foldedUntilSeconds: number | null;
  epoch: string | null;
}

/** The samples of a request, sorted by their kind. */
export interface SortedRequest {
  usage: UsagePart[];
  facts: FactPart[];
  /** Samples for sites that the sender must not write to. */
  denied: number;
  /** The first name of such a site. */
  deniedSite: string | undefined;
  /** Samples that are not usage. */
  foreign: number;
  /** The targets of a sender that names its sites by a label. Each target has a series `up`. */
  targets: Origin[];
}

/** A request has more instants or statements than a portal accepts at once. */
export class OversizedRequestError extends Error {
  override readonly name = 'OversizedRequestError';
}

/**
 * The largest number of instants. Each one waits as a group of its own. A Prometheus sends some thousand samples at a
 * time.
 */
const MAX_INSTANTS = 20_000;
const MAX_FACTS = 100_000;
/** Targets beyond this number are skipped. */
const MAX_TARGETS = 1000;

/** Sorts the samples of a request, one after the other. Skips NaN, with which Prometheus marks the end of a series. */
export class Sorter {
  readonly #rule: SiteRule;
  readonly #usage = new Map<string, UsagePart>();
  /** A sample and its part. Most samples belong to the part of the one before, whose key need not be made again. */
  #recent: { sample: Sample; part: UsagePart } | undefined;
  readonly #sorted: Omit<SortedRequest, 'usage'> = {
    facts: [],
    denied: 0,
    deniedSite: undefined,
    foreign: 0,
    targets: [],
  };

  constructor(rule: SiteRule) {
    this.#rule = rule;
  }

  /** Throws `OversizedRequestError`. */
  add(sample: Sample): void {
    if (Number.isNaN(sample.value)) return;
    const isUsage = resourceOfMetric(sample.name) !== undefined;
    const site = siteOf(sample, this.#rule);
    if (!isUsage && !isFact(sample)) this.#addForeign(sample);
    else if (site === undefined) deny(this.#sorted, sample, this.#rule);
    else if (isUsage) this.#addUsage(site, sample);
    else this.#addFact(factOf(sample, instantOf(sample, site)));
  }

  finish(): SortedRequest {
    return { ...this.#sorted, usage: [...this.#usage.values()] };
  }

  #addForeign({ name, labels }: Sample): void {
    const { targets } = this.#sorted;
    this.#sorted.foreign += 1;
    if (name === 'up' && 'siteLabel' in this.#rule && targets.length < MAX_TARGETS)
      targets.push(originOf(labels, labels[this.#rule.siteLabel] ?? ''));
  }

  #addUsage(site: string, sample: Sample): void {
    if (this.#recent?.part.site !== site || !areOfOneScrape(this.#recent.sample, sample))
      this.#recent = { sample, part: this.#partOf(instantOf(sample, site)) };
    this.#recent.part.samples.push(sample);
  }

  #partOf(instant: Instant): UsagePart {
    const key = instantKey(instant);
    const known = this.#usage.get(key);
    if (known !== undefined) return known;
    if (this.#usage.size >= MAX_INSTANTS)
      throw new OversizedRequestError(`the request has more than ${MAX_INSTANTS} instants`);
    const part = { ...instant, samples: [] };
    this.#usage.set(key, part);
    return part;
  }

  #addFact(fact: FactPart): void {
    if (this.#sorted.facts.length >= MAX_FACTS)
      throw new OversizedRequestError(`the request states more than ${MAX_FACTS} facts`);
    this.#sorted.facts.push(fact);
  }
}

function areOfOneScrape(one: Sample, other: Sample): boolean {
  return (
    one.timestampMs === other.timestampMs &&
    one.labels['instance'] === other.labels['instance'] &&
    one.labels['cloud'] === other.labels['cloud']
  );
}

function isFact({ name, value }: Sample): boolean {
  return name === EXPORTER_METRICS.foldedUntil || (name === EXPORTER_METRICS.epochInfo && value === 1);
}

function siteOf({ labels }: Sample, rule: SiteRule): string | undefined {
  if ('site' in rule) return rule.site;
  const site = labels[rule.siteLabel];
  return site !== undefined && rule.sites.includes(site) ? site : undefined;
}

function deny(sorted: Omit<SortedRequest, 'usage'>, { labels }: Sample, rule: SiteRule): void {
  sorted.denied += 1;
  sorted.deniedSite ??= 'site' in rule ? '' : (labels[rule.siteLabel] ?? '');
}

function instantOf({ labels, timestampMs }: Sample, site: string): Instant {
  return { site, exporter: exporterKey(labels), atMs: timestampMs ?? 0 };
}

export function instantKey({ site, exporter, atMs }: Instant): string {
  return `${site}\0${exporter}\0${atMs}`;
}

function factOf({ name, value, labels }: Sample, instant: Instant): FactPart {
  const isTime = name === EXPORTER_METRICS.foldedUntil;
  return {
    ...instant,
    foldedUntilSeconds: isTime ? value : null,
    epoch: isTime ? null : epochIn(labels),
  };
}

/** The memory of a sample, estimated, beside half of its labels: most samples share labels with others. */
const BYTES_OF_SAMPLE = 50;
/** The cost of an instant. It includes time: all waiting instants are checked every second. */
const BYTES_OF_INSTANT = 10_000;

/** The cost of waiting usage, in bytes. */
export function bytesOf(usage: readonly UsagePart[]): number {
  let bytes = 0;
  for (const { samples } of usage) {
    bytes += BYTES_OF_INSTANT + BYTES_OF_SAMPLE * samples.length;
    for (const { labels } of samples) for (const label in labels) bytes += (labels[label] ?? '').length / 2;
  }
  return bytes;
}

/**
 * One statement for each instant. The later of two statements completes the earlier one. The order is the same for all
 * writers, so that they do not lock one another.
 */
export function mergedFacts(facts: readonly FactPart[]): FactPart[] {
  const merged = new Map<string, FactPart>();
  for (const fact of facts) {
    const key = instantKey(fact);
    const before = merged.get(key);
    merged.set(key, {
      ...fact,
      foldedUntilSeconds: fact.foldedUntilSeconds ?? before?.foldedUntilSeconds ?? null,
      epoch: fact.epoch ?? before?.epoch ?? null,
    });
  }
  return [...merged].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, fact]) => fact);
}
