import { flavorInfoLabels, type FlavorFacts } from '../../prometheus/flavor-facts.ts';
import { cleanId, cleanName } from '../../prometheus/label-text.ts';
import type { Labels, Sample } from '../../prometheus/sample.ts';
import type { MetricFamily, WrittenSample } from '../../prometheus/text-format/text-format-writer.ts';
import {
  EXPORTER_METRICS,
  helpOfResource,
  MS_PER_HOUR,
  SERVER_HOURS,
  SERVER_METRICS,
  usageMetricName,
} from '../../prometheus/usage-metrics.ts';
import { version } from '../../runtime/version.ts';
import type { Usage } from '../metering/amounts.ts';
import type { MeterState } from '../metering/meter-state.ts';
import type { SampledState } from '../metering/sampled.ts';
import { isSampled, type ResourceName } from '../settings/resources.ts';

/** The result of a complete refresh. */
export interface Snapshot {
  meter: MeterState;
  sampled: ReadonlyMap<string, SampledState>;
  /** The projects to show, in the order of the exposition. */
  projects: readonly ShownProject[];
  completedMs: number;
  durationMs: number;
}

interface ShownProject {
  id: string;
  name: string;
  domain: { id: string; name: string };
}

/**
 * The usage of every project, 0 where it has none, and the facts about the totals. With `serverHours`, the server hours of
 * the projects and the flavors in them too.
 */
export function usageFamilies(
  snapshot: Snapshot,
  resources: readonly ResourceName[],
  serverHours = false,
): MetricFamily[] {
  const labels = snapshot.projects.map(projectLabels);
  return [
    ...shownResources(snapshot, resources).map((resource) => usageFamily(resource, snapshot, labels)),
    ...(serverHours ? [serverFamily(snapshot, labels)] : []),
    ...factFamilies(snapshot),
    sampledUntil(snapshot, resources),
    ...(serverHours ? [flavorFamily(snapshot)] : []),
  ];
}

/** The resources to show, among them the volumes of each type. A sampled resource is left out until its first sample. */
export function shownResources({ sampled }: Snapshot, resources: readonly ResourceName[]): string[] {
  return resources.flatMap((resource) =>
    isSampled(resource) ? [...(sampled.get(resource)?.totals.keys() ?? [])].sort() : [resource],
  );
}

function usageFamily(resource: string, snapshot: Snapshot, labels: readonly Labels[]): MetricFamily {
  const name = usageMetricName(resource);
  const help = helpOfResource(resource);
  const hours = usageHours(snapshot, resource);
  return { name, help, type: 'gauge', samples: usageSamples(name, hours, snapshot, labels) };
}

/** Yields samples one by one: they are many, and each is needed only for a moment. */
function* usageSamples(
  name: string,
  hours: (projectId: string) => number,
  { projects }: Snapshot,
  labels: readonly Labels[],
): Generator<Sample> {
  for (const [index, { id }] of projects.entries()) yield sample(name, hours(id), labels[index]);
}

/** Amount × hours of a project since the start date. */
export function usageHours({ meter, sampled }: Snapshot, resource: string): (projectId: string) => number {
  const byProject = [...sampled.values()].map(({ totals }) => totals.get(resource)).find((found) => found);
  if (byProject !== undefined) return (id) => Number(byProject.get(id) ?? 0n) / MS_PER_HOUR;
  return (id) => Number(meter.totals.get(id)?.[resource as keyof Usage] ?? 0n) / MS_PER_HOUR;
}

/** Rule S6: server hours of the shown projects, by flavor and state. */
function serverFamily(snapshot: Snapshot, labels: readonly Labels[]): MetricFamily {
  const samples = { [Symbol.iterator]: () => serverSamples(snapshot, labels) };
  return { name: SERVER_METRICS.usage, help: helpOfResource(SERVER_HOURS), type: 'gauge', samples };
}

function* serverSamples({ meter, projects }: Snapshot, labels: readonly Labels[]): Generator<WrittenSample> {
  const labelsOf = flavorAndState();
  for (const [index, { id }] of projects.entries())
    for (const { flavor, state, durationMs } of meter.hours?.totals.get(id) ?? []) {
      const shown = sample(SERVER_METRICS.usage, Number(durationMs) / MS_PER_HOUR, labels[index]);
      yield { ...shown, moreLabels: labelsOf(flavor.key, state) };
    }
}

/** One object for all series of a flavor and a state: there are many projects. */
function flavorAndState(): (flavor: string, state: string) => Labels {
  const byFlavor = new Map<string, Map<string, Labels>>();
  return (flavor, state) => {
    const byState = byFlavor.get(flavor) ?? new Map<string, Labels>();
    const labels = byState.get(state) ?? { flavor, state: cleanName(state) };
    byFlavor.set(flavor, byState.set(state, labels));
    return labels;
  };
}

/** The facts of each flavor in the server hours of the shown projects. */
function flavorFamily({ meter, projects }: Snapshot): MetricFamily {
  const flavors = new Map<string, FlavorFacts>();
  for (const { id } of projects)
    for (const { flavor } of meter.hours?.totals.get(id) ?? []) flavors.set(flavor.key, flavor);
  const name = SERVER_METRICS.flavorInfo;
  const samples = [...flavors]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([, facts]) => sample(name, 1, flavorInfoLabels(facts)));
  return { name, help: 'The facts of each flavor in server hours', type: 'gauge', samples };
}

/** Labels in the order of the earlier exporter. The id of a pool's part comes from metadata, so it can hold any text. */
function projectLabels({ id, name, domain }: ShownProject): Labels {
  return {
    project_id: cleanId(id),
    project_name: cleanName(name),
    domain_id: cleanId(domain.id),
    domain_name: cleanName(domain.name),
  };
}

function factFamilies({ meter, projects, completedMs, durationMs }: Snapshot): MetricFamily[] {
  const absent = [...meter.servers.values()].filter((server) => server.absentSinceMs !== undefined).length;
  return [
    fact(EXPORTER_METRICS.buildInfo, 'The exporter and its version', 1, { version }),
    fact(
      EXPORTER_METRICS.epochInfo,
      'The identity of these totals: a new one means that they started again',
      1,
      { epoch: meter.epoch },
    ),
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
      'Servers that the last answer lacks, although they were not deleted',
      absent,
    ),
    unreadFlavors(meter),
  ];
}

/** The times of the last samples. Like all figures here, they are of totals that are on disk. */
function sampledUntil({ sampled }: Snapshot, resources: readonly ResourceName[]): MetricFamily {
  const name = 'stackmeter_exporter_resource_sampled_until_timestamp_seconds';
  const help = 'Usage of a sampled resource is in the totals up to this time';
  const samples = resources.flatMap((resource) => {
    const state = sampled.get(resource);
    return state === undefined ? [] : [sample(name, state.untilMs / 1000, { resource })];
  });
  return { name, help, type: 'gauge', samples };
}

function unreadFlavors({ unreadFlavors: unread = new Map() }: MeterState): MetricFamily {
  const name = 'stackmeter_exporter_unread_flavor';
  const help = 'Flavors of servers whose GPUs are counted as soon as the flavor can be read';
  const samples = [...unread.keys()].sort().map((flavor) => sample(name, 1, { flavor }));
  return { name, help, type: 'gauge', samples };
}

function fact(name: string, help: string, value: number, labels: Labels = {}): MetricFamily {
  return { name, help, type: 'gauge', samples: [sample(name, value, labels)] };
}

function sample(name: string, value: number, labels: Labels = {}): Sample {
  return { name, labels, value, timestampMs: undefined };
}
