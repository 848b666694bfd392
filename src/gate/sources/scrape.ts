import type { Labels, Sample } from '../../prometheus/sample.ts';
import { eachInSteps, type Steps } from '../../prometheus/steps.ts';
import { seriesFormat, formatPoint } from '../../prometheus/text-format/text-format-writer.ts';

/** The labels that Prometheus would add for the target. */
export interface TargetLabels {
  job: string;
  /** `HOST:PORT` */
  instance: string;
}

export interface StoredSample {
  labels: Labels;
  timestampMs: number;
  /** The sample in the text format, with the newline. */
  line: string;
}

/** One complete answer of the exporter, as Prometheus would store it: samples by metric name, sorted by name. */
export type Scrape = ReadonlyMap<string, readonly StoredSample[]>;

/**
 * Converts the exporter's samples as Prometheus does before it stores them: sets the target labels, renames the exporter's
 * own labels of the same name to `exported_…`, drops empty labels, sorts labels, and keeps the first of two samples of one
 * series. A sample without a time gets `startedMs`, the start of the scrape.
 * Source: mutateSampleLabels in scrape/scrape.go of Prometheus (honor_labels: false).
 */
export function* storeSteps(
  samples: readonly Sample[],
  target: TargetLabels,
  startedMs: number,
): Steps<Scrape> {
  const formatSeries = seriesFormat();
  const seen = new Set<string>();
  const families = new Map<string, StoredSample[]>();
  yield* eachInSteps(samples, ({ name, labels: exposed, value, timestampMs = startedMs }) => {
    const labels = targetLabelled(exposed, target);
    const series = formatSeries(name, labels);
    if (seen.has(series)) return;
    seen.add(series);
    const family = families.get(name) ?? [];
    families.set(name, family);
    family.push({ labels, timestampMs, line: `${series}${formatPoint(value, timestampMs)}\n` });
  });
  return new Map([...families].sort(byName));
}

type Entry = readonly [name: string, value: unknown];

function byName([a]: Entry, [b]: Entry): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function targetLabelled(exposed: Labels, target: TargetLabels): Labels {
  const entries = Object.entries(exposed).filter(([, value]) => value !== '');
  const [moved, kept] = [entries.filter(isTargetLabel), entries.filter((entry) => !isTargetLabel(entry))];
  const labels: [string, string][] = [...kept, ['instance', target.instance], ['job', target.job]];
  for (const [label, value] of moved.sort(byNameLength)) labels.push([exportedName(label, labels), value]);
  return Object.fromEntries(labels.sort(byName));
}

function isTargetLabel([name]: [string, string]): boolean {
  return name === 'job' || name === 'instance';
}

function byNameLength([a]: [string, string], [b]: [string, string]): number {
  return a.length - b.length;
}

function exportedName(label: string, taken: readonly [string, string][]): string {
  const name = `exported_${label}`;
  return taken.some(([other]) => other === name) ? exportedName(name, taken) : name;
}
