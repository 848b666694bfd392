import type { Labels, Sample } from '../prometheus/sample.ts';
import type { MetricFamily } from '../prometheus/text-format-writer.ts';
import { EXPORTER_METRICS, MS_PER_HOUR, RESOURCES, usageMetricName } from '../prometheus/usage-metrics.ts';
import { version } from '../runtime/version.ts';
import { NO_USAGE, type ServerResource } from './metering/amounts.ts';
import type { MeterState } from './metering/meter-state.ts';

/** What a complete refresh found. */
export interface Snapshot {
  meter: MeterState;
  /** In the order in which they are shown: those that Keystone knows, and that the settings ask for. */
  projects: readonly ShownProject[];
  completedMs: number;
  durationMs: number;
}

interface ShownProject {
  id: string;
  name: string;
  domain: { id: string; name: string };
}

/** The usage of every project, 0 where it has none, and the facts about the totals. */
export function usageFamilies(snapshot: Snapshot, resources: readonly ServerResource[]): MetricFamily[] {
  const labels = snapshot.projects.map(projectLabels);
  return [...resources.map((resource) => usageFamily(resource, snapshot, labels)), ...factFamilies(snapshot)];
}

function usageFamily(resource: ServerResource, snapshot: Snapshot, labels: readonly Labels[]): MetricFamily {
  const name = usageMetricName(resource);
  const help = RESOURCES.find((known) => known.name === resource)?.help ?? '';
  const samples = snapshot.projects.map(({ id }, index) =>
    sample(name, usageHours(snapshot.meter, id, resource), labels[index]),
  );
  return { name, help, type: 'gauge', samples };
}

/** Amount × hours of a project since the start date. */
export function usageHours(meter: MeterState, projectId: string, resource: ServerResource): number {
  return Number((meter.totals.get(projectId) ?? NO_USAGE)[resource]) / MS_PER_HOUR;
}

/** In the order of `USAGE_LABELS`. */
function projectLabels({ id, name, domain }: ShownProject): Labels {
  return { project_id: id, project_name: name, domain_id: domain.id, domain_name: domain.name };
}

function factFamilies({ meter, projects, completedMs, durationMs }: Snapshot): MetricFamily[] {
  const absent = [...meter.servers.values()].filter((server) => server.absentSinceMs !== undefined).length;
  return [
    fact(EXPORTER_METRICS.buildInfo, 'The exporter and its version', 1, { version }),
    fact(EXPORTER_METRICS.epochInfo, 'The identity of these totals', 1, { epoch: meter.epoch }),
    fact(EXPORTER_METRICS.start, 'The start date of the totals', meter.startMs / 1000),
    fact(EXPORTER_METRICS.foldedUntil, 'Usage is in the totals up to this time', meter.untilMs / 1000),
    fact(EXPORTER_METRICS.lastSuccess, 'When the last complete refresh ended', completedMs / 1000),
    fact(
      'stackmeter_exporter_last_refresh_duration_seconds',
      'How long the last complete refresh took',
      durationMs / 1000,
    ),
    fact('stackmeter_exporter_projects', 'Projects in this exposition', projects.length),
    fact(
      'stackmeter_exporter_servers',
      'Servers alive at the time of the totals',
      meter.servers.size - absent,
    ),
    fact(
      'stackmeter_exporter_servers_absent',
      'Servers that the last answer lacks although they were not deleted',
      absent,
    ),
  ];
}

function fact(name: string, help: string, value: number, labels: Labels = {}): MetricFamily {
  return { name, help, type: 'gauge', samples: [sample(name, value, labels)] };
}

function sample(name: string, value: number, labels: Labels = {}): Sample {
  return { name, labels, value, timestampMs: undefined };
}
