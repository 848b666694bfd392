import type { Sample } from '../../prometheus/sample.ts';
import { EXPORTER_METRICS, resourceOfMetric } from '../../prometheus/usage-metrics.ts';
import { epochIn, exporterKey } from '../ledger/accounting/sweeps/exporter-facts.ts';
import type { SiteRule } from '../settings/sender-settings.ts';
import { originOf, type Origin } from './shared-jobs.ts';

/** One scrape of one exporter: what belongs together by rule A0. */
export interface Instant {
  site: string;
  /** Tells the exporters of a site apart. */
  exporter: string;
  /** The samples' timestamp, Unix milliseconds. */
  atMs: number;
}

/** Samples of usage of one instant. */
export interface UsagePart extends Instant {
  samples: Sample[];
}

/** What an exporter states about its totals of one instant. */
export interface FactPart extends Instant {
  foldedUntilSeconds: number | null;
  epoch: string | null;
}

/** A request, sorted by what its samples are about. */
export interface Sorted {
  usage: UsagePart[];
  facts: FactPart[];
  /** Samples of a site that the sender may not write as, and the first such name. */
  denied: number;
  deniedSite: string | undefined;
  /** Samples that are no usage. */
  foreign: number;
  /** Targets of a sender that names its sites by a label: each has a series `up`. */
  targets: Origin[];
}

/** A request about more instants, or with more statements, than a portal takes at once. */
export class OversizedRequestError extends Error {
  override readonly name = 'OversizedRequestError';
}

/** Each instant is a group that waits by itself. A Prometheus sends some thousand samples at a time. */
const MAX_INSTANTS = 20_000;
const MAX_FACTS = 100_000;
/** Targets beyond these are passed over. */
const MAX_TARGETS = 1000;

export function sortSamples(samples: readonly Sample[], rule: SiteRule): Sorted {
  const sorter = new Sorter(rule);
  for (const sample of samples) sorter.add(sample);
  return sorter.finish();
}

/** Sorts the samples of a request, one after the other. NaN is how Prometheus marks that a series has ended: nothing is to be counted. */
export class Sorter {
  readonly #rule: SiteRule;
  readonly #usage = new Map<string, UsagePart>();
  readonly #sorted: Omit<Sorted, 'usage'> = {
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
    else if (isUsage) this.#addUsage(instantOf(sample, site), sample);
    else this.#addFact(factOf(sample, instantOf(sample, site)));
  }

  finish(): Sorted {
    return { ...this.#sorted, usage: [...this.#usage.values()] };
  }

  #addForeign({ name, labels }: Sample): void {
    const { targets } = this.#sorted;
    this.#sorted.foreign += 1;
    if (name === 'up' && 'siteLabel' in this.#rule && targets.length < MAX_TARGETS)
      targets.push(originOf(labels, labels[this.#rule.siteLabel] ?? ''));
  }

  #addUsage(instant: Instant, sample: Sample): void {
    const key = instantKey(instant);
    const part = this.#usage.get(key);
    if (part !== undefined) part.samples.push(sample);
    else if (this.#usage.size < MAX_INSTANTS) this.#usage.set(key, { ...instant, samples: [sample] });
    else throw new OversizedRequestError(`it is about more than ${MAX_INSTANTS} instants`);
  }

  #addFact(fact: FactPart): void {
    if (this.#sorted.facts.length >= MAX_FACTS)
      throw new OversizedRequestError(`it states more than ${MAX_FACTS} facts`);
    this.#sorted.facts.push(fact);
  }
}

function isFact({ name, value }: Sample): boolean {
  return name === EXPORTER_METRICS.foldedUntil || (name === EXPORTER_METRICS.epochInfo && value === 1);
}

function siteOf({ labels }: Sample, rule: SiteRule): string | undefined {
  if ('site' in rule) return rule.site;
  const site = labels[rule.siteLabel];
  return site !== undefined && rule.sites.includes(site) ? site : undefined;
}

function deny(sorted: Omit<Sorted, 'usage'>, { labels }: Sample, rule: SiteRule): void {
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

/** What a sample takes in memory, about, beside half of its labels: most samples share theirs with others. */
const BYTES_OF_SAMPLE = 50;
/** An instant takes time as well: all that wait are looked at every second. */
const BYTES_OF_INSTANT = 10_000;

/** What usage costs while it waits. */
export function bytesOf(usage: readonly UsagePart[]): number {
  let bytes = 0;
  for (const { samples } of usage) {
    bytes += BYTES_OF_INSTANT + BYTES_OF_SAMPLE * samples.length;
    for (const { labels } of samples) for (const label in labels) bytes += (labels[label] ?? '').length / 2;
  }
  return bytes;
}

/** One statement about each instant, in an order that is the same for all who write at once; of two the later completes the earlier. */
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
