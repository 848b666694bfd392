import type { Labels, Sample } from '../prometheus/sample.ts';

/** The labels that a Prometheus would give to the target. */
export interface TargetLabels {
  job: string;
  /** `HOST:PORT` */
  instance: string;
}

/** One complete answer of the exporter, as a Prometheus would store it. */
export interface Scrape {
  /** When the scrape began: the time of every sample that has none of its own. */
  startedMs: number;
  /** Samples by metric name, sorted by it; each with a timestamp. */
  families: ReadonlyMap<string, readonly Sample[]>;
}

/**
 * Makes of the exporter's samples what a Prometheus would store: target labels set, the exporter's own of the same name
 * kept as `exported_…`, empty labels dropped, labels sorted, the first of two samples of one series kept.
 * Source: mutateSampleLabels in scrape/scrape.go of Prometheus (honor_labels: false).
 */
export function storeScrape(samples: readonly Sample[], target: TargetLabels, startedMs: number): Scrape {
  const families = new Map<string, Map<string, Sample>>();
  for (const sample of samples) {
    const labels = targetLabelled(sample.labels, target);
    const family = families.get(sample.name) ?? new Map<string, Sample>();
    families.set(sample.name, family);
    const series = JSON.stringify(labels);
    if (!family.has(series))
      family.set(series, { ...sample, labels, timestampMs: sample.timestampMs ?? startedMs });
  }
  const sorted = [...families].sort(([a], [b]) => (a < b ? -1 : 1));
  return { startedMs, families: new Map(sorted.map(([name, family]) => [name, [...family.values()]])) };
}

function targetLabelled(exposed: Labels, target: TargetLabels): Labels {
  const labels = new Map(Object.entries(exposed).filter(([, value]) => value !== ''));
  const conflicting = (['job', 'instance'] as const).filter((label) => labels.has(label));
  const moved = conflicting.map((label) => [label, labels.get(label) ?? ''] as const);
  labels.set('instance', target.instance).set('job', target.job);
  for (const [label, value] of moved) labels.set(exportedName(label, labels), value);
  return Object.fromEntries([...labels].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function exportedName(label: string, taken: ReadonlyMap<string, string>): string {
  const name = `exported_${label}`;
  return taken.has(name) ? exportedName(name, taken) : name;
}
