import type { Sample } from '../../prometheus/sample.ts';
import { EXPORTER_METRICS, resourceOfMetric } from '../../prometheus/usage-metrics.ts';
import { epochIn, exporterKey } from '../ledger/accounting/exporter-facts.ts';
import type { SiteRule } from './sender-settings.ts';

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
}

/** Sorts the samples of a request. NaN is how Prometheus marks that a series has ended: nothing is to be counted. */
export function sortSamples(samples: readonly Sample[], rule: SiteRule): Sorted {
  const usage = new Map<string, UsagePart>();
  const sorted: Sorted = { usage: [], facts: [], denied: 0, deniedSite: undefined, foreign: 0 };
  for (const sample of samples) {
    if (Number.isNaN(sample.value)) continue;
    const isUsage = resourceOfMetric(sample.name) !== undefined;
    const site = siteOf(sample, rule);
    if (!isUsage && !isFact(sample)) sorted.foreign += 1;
    else if (site === undefined) deny(sorted, sample, rule);
    else if (isUsage) addUsage(usage, instantOf(sample, site), sample);
    else sorted.facts.push(factOf(sample, instantOf(sample, site)));
  }
  return { ...sorted, usage: [...usage.values()] };
}

function isFact({ name, value }: Sample): boolean {
  return name === EXPORTER_METRICS.foldedUntil || (name === EXPORTER_METRICS.epochInfo && value === 1);
}

function siteOf({ labels }: Sample, rule: SiteRule): string | undefined {
  if ('site' in rule) return rule.site;
  const site = labels[rule.siteLabel];
  return site !== undefined && rule.sites.includes(site) ? site : undefined;
}

function deny(sorted: Sorted, { labels }: Sample, rule: SiteRule): void {
  sorted.denied += 1;
  sorted.deniedSite ??= 'site' in rule ? '' : (labels[rule.siteLabel] ?? '');
}

function instantOf({ labels, timestampMs }: Sample, site: string): Instant {
  return { site, exporter: exporterKey(labels), atMs: timestampMs ?? 0 };
}

export function instantKey({ site, exporter, atMs }: Instant): string {
  return `${site}\0${exporter}\0${atMs}`;
}

function addUsage(usage: Map<string, UsagePart>, instant: Instant, sample: Sample): void {
  const key = instantKey(instant);
  const part = usage.get(key);
  if (part === undefined) usage.set(key, { ...instant, samples: [sample] });
  else part.samples.push(sample);
}

function factOf({ name, value, labels }: Sample, instant: Instant): FactPart {
  const isTime = name === EXPORTER_METRICS.foldedUntil;
  return {
    ...instant,
    foldedUntilSeconds: isTime ? value : null,
    epoch: isTime ? null : epochIn(labels),
  };
}
