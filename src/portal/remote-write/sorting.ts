import type { SeriesIdentity } from '../../prometheus/remote/time-series.ts';
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

/** A series, with everything that its samples share. */
export interface WrittenSeries extends SeriesIdentity {
  kind: 'usage' | 'folded until' | 'epoch' | 'foreign';
  /** Identifies an exporter of its site. */
  exporter: string;
  /** Half of the memory of its labels, estimated: most series share texts with others. */
  bytes: number;
}

/** The usage samples of one instant: series, and the value of each one. */
export interface UsagePart extends Instant {
  series: WrittenSeries[];
  values: number[];
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
  /** Most samples belong to the part of the one before, whose key need not be made again. */
  #recent: UsagePart | undefined;
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

  /** `atMs` is the sample's timestamp, Unix milliseconds. Throws `OversizedRequestError`. */
  add(series: WrittenSeries, value: number, atMs: number): void {
    if (Number.isNaN(value)) return;
    const { kind, exporter } = series;
    const site = siteOf(series, this.#rule);
    if (kind === 'foreign' || (kind === 'epoch' && value !== 1)) this.#addForeign(series);
    else if (site === undefined) deny(this.#sorted, series, this.#rule);
    else if (kind === 'usage') this.#addUsage(site, series, value, atMs);
    else this.#addFact(factOf(series, value, { site, exporter, atMs }));
  }

  finish(): SortedRequest {
    return { ...this.#sorted, usage: [...this.#usage.values()] };
  }

  #addForeign({ name, labels }: WrittenSeries): void {
    const { targets } = this.#sorted;
    this.#sorted.foreign += 1;
    if (name === 'up' && 'siteLabel' in this.#rule && targets.length < MAX_TARGETS)
      targets.push(originOf(labels, labels[this.#rule.siteLabel] ?? ''));
  }

  #addUsage(site: string, series: WrittenSeries, value: number, atMs: number): void {
    const { exporter } = series;
    const recent = this.#recent;
    const part =
      recent?.atMs === atMs && recent.exporter === exporter && recent.site === site
        ? recent
        : this.#partOf({ site, exporter, atMs });
    part.series.push(series);
    part.values.push(value);
    this.#recent = part;
  }

  #partOf(instant: Instant): UsagePart {
    const key = instantKey(instant);
    const known = this.#usage.get(key);
    if (known !== undefined) return known;
    if (this.#usage.size >= MAX_INSTANTS)
      throw new OversizedRequestError(`the request has more than ${MAX_INSTANTS} instants`);
    const part = { ...instant, series: [], values: [] };
    this.#usage.set(key, part);
    return part;
  }

  #addFact(fact: FactPart): void {
    if (this.#sorted.facts.length >= MAX_FACTS)
      throw new OversizedRequestError(`the request states more than ${MAX_FACTS} facts`);
    this.#sorted.facts.push(fact);
  }
}

/** A series with what its samples share, made once for all of them. */
export function writtenSeriesOf({ name, labels }: SeriesIdentity): WrittenSeries {
  let bytes = 0;
  for (const label in labels) bytes += (labels[label] ?? '').length / 2;
  return { name, labels, kind: kindOf(name), exporter: exporterKey(labels), bytes };
}

function kindOf(name: string): WrittenSeries['kind'] {
  if (name === EXPORTER_METRICS.foldedUntil) return 'folded until';
  if (name === EXPORTER_METRICS.epochInfo) return 'epoch';
  return resourceOfMetric(name) === undefined ? 'foreign' : 'usage';
}

function siteOf({ labels }: WrittenSeries, rule: SiteRule): string | undefined {
  if ('site' in rule) return rule.site;
  const site = labels[rule.siteLabel];
  return site !== undefined && rule.sites.includes(site) ? site : undefined;
}

function deny(sorted: Omit<SortedRequest, 'usage'>, { labels }: WrittenSeries, rule: SiteRule): void {
  sorted.denied += 1;
  sorted.deniedSite ??= 'site' in rule ? '' : (labels[rule.siteLabel] ?? '');
}

export function instantKey({ site, exporter, atMs }: Instant): string {
  return `${site}\0${exporter}\0${atMs}`;
}

function factOf({ kind, labels }: WrittenSeries, value: number, instant: Instant): FactPart {
  const isTime = kind === 'folded until';
  return {
    ...instant,
    foldedUntilSeconds: isTime ? value : null,
    epoch: isTime ? null : epochIn(labels),
  };
}

/** The memory of a sample, estimated, beside half of the labels of its series: a number and a reference. */
const BYTES_OF_SAMPLE = 24;
/** The cost of an instant. It includes time: all waiting instants are checked every second. */
const BYTES_OF_INSTANT = 10_000;

/** The cost of waiting usage, in bytes. */
export function bytesOf(usage: readonly UsagePart[]): number {
  let bytes = 0;
  for (const { series } of usage) {
    bytes += BYTES_OF_INSTANT + BYTES_OF_SAMPLE * series.length;
    for (const one of series) bytes += one.bytes;
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
