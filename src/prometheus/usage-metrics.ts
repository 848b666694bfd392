/**
 * Metric names of usage, from the exporter through the gate to the portal. They are the names of the earlier system, so
 * that existing rules, dashboards and whitelists keep working.
 */

/** The `job` label that a site's Prometheus gives to its exporter. */
export const USAGE_JOB = 'project_usages';

/** The selectors that a portal sends to a gate, and that a gate allows by default. */
export const USAGE_SELECTORS = [
  `{job="${USAGE_JOB}",__name__=~"project_.*_usage"}`,
  `{job="${USAGE_JOB}",__name__=~"stackmeter_exporter_.+"}`,
] as const;

/** Metrics of server hours. A gate gives them out only to a policy that names them (rule G5). */
export const SERVER_METRICS = {
  /** Server-hours of a project, with the labels `flavor` and `state`. */
  usage: 'project_server_usage',
  /** 1, with the facts of a flavor as labels. */
  flavorInfo: 'stackmeter_exporter_flavor_info',
} as const;

/** The selectors that server hours add to those of a portal, and to those that a gate allows. */
export const SERVER_SELECTORS: readonly string[] = Object.values(SERVER_METRICS).map(
  (name) => `{job="${USAGE_JOB}",__name__="${name}"}`,
);

/** Metrics about the totals, without labels of a project. */
export const EXPORTER_METRICS = {
  /** 1, with the label `version`. */
  buildInfo: 'stackmeter_exporter_build_info',
  /** 1, with the label `epoch`: the identity of the running totals. */
  epochInfo: 'stackmeter_exporter_epoch_info',
  /** Unix seconds: the start date of the totals. */
  start: 'stackmeter_exporter_start_timestamp_seconds',
  /** Unix seconds: the instant up to which usage is folded into the totals (rule A0). */
  foldedUntil: 'stackmeter_exporter_folded_until_timestamp_seconds',
  /** Unix seconds: when the last complete refresh ended. */
  lastSuccess: 'stackmeter_exporter_last_refresh_success_timestamp_seconds',
  /** Refreshes since the start of the exporter, with the label `result`: success or failure. */
  refreshes: 'stackmeter_exporter_refreshes_total',
} as const;

/** Labels that the exporter or its Prometheus sets. A site cannot use these names for labels of its own. */
const SERIES_LABELS: ReadonlySet<string> = new Set(
  [
    'project_id project_name domain_id domain_name',
    'cloud epoch version flavor state resource failure alias service result',
    'name vcpus memory_mb disk_gb ephemeral_gb swap_mb gpus',
    'job instance exported_job exported_instance',
  ].flatMap((line) => line.split(' ')),
);

/** True for names of labels that series have already, and for Prometheus' own names, which start with `__`. */
export function isSeriesLabel(name: string): boolean {
  return SERIES_LABELS.has(name) || name.startsWith('__');
}

/** Server hours: the family with the labels `flavor` and `state`. */
export const SERVER_HOURS = 'server';

interface Resource {
  /** As in `project_<name>_usage`. */
  name: string;
  /** Unit of the usage: amount × hours. */
  unit: string;
  help: string;
}

/** The resources that stackmeter knows. A portal accepts other resources too, and calls their unit `hours`. */
const RESOURCES: readonly Resource[] = [
  { name: 'vcpu', unit: 'vCPU-hours', help: 'vCPU-hours since the start date' },
  { name: 'mb', unit: 'MiB-hours', help: 'MiB-hours of memory since the start date' },
  { name: 'disk_gb', unit: 'GiB-hours', help: 'GiB-hours of root and ephemeral disk since the start date' },
  { name: 'instance', unit: 'instance-hours', help: 'Hours of servers since the start date' },
  { name: SERVER_HOURS, unit: 'server-hours', help: 'Hours of servers by flavor and state' },
  { name: 'gpu', unit: 'GPU-hours', help: 'GPU-hours since the start date' },
  { name: 'volume_gb', unit: 'GiB-hours', help: 'GiB-hours of volumes since the start date' },
  { name: 'floating_ip', unit: 'IP-hours', help: 'Hours of floating IPs since the start date' },
  { name: 'object_gb', unit: 'GiB-hours', help: 'GiB-hours of stored objects since the start date' },
];

/** Whole milliseconds in an hour: usage is counted in amount × milliseconds and shown in amount × hours. */
export const MS_PER_HOUR = 3_600_000;

export function usageMetricName(resource: string): string {
  return `project_${resource}_usage`;
}

const USAGE_METRIC = /^project_[a-z0-9][a-z0-9_]{0,62}_usage$/;

/** The resource of a usage metric, or undefined for the name of another metric. */
export function resourceOfMetric(metricName: string): string | undefined {
  return USAGE_METRIC.test(metricName) ? metricName.slice('project_'.length, -'_usage'.length) : undefined;
}

export function unitOfResource(resource: string): string {
  return resourceNamed(resource)?.unit ?? 'hours';
}

/** The names of the resources that stackmeter knows. */
export const RESOURCE_NAMES: readonly string[] = RESOURCES.map(({ name }) => name);

/** Whether stackmeter knows the resource, or its name says its unit. */
export function isKnownResource(resource: string): boolean {
  return resourceNamed(resource) !== undefined;
}

/** The help text of a resource's metric; empty for an unknown resource. */
export function helpOfResource(resource: string): string {
  return resourceNamed(resource)?.help ?? '';
}

/** Resources outside the list can have a name that ends in `_gb`: `snapshot_gb`, or `volume_<type>_gb` for a type. */
function resourceNamed(resource: string): Resource | undefined {
  const known = RESOURCES.find(({ name }) => name === resource);
  if (known !== undefined) return known;
  const thing = /^(.+)_gb$/.exec(resource)?.[1];
  if (thing === undefined) return undefined;
  const volumeType = /^volume_(.+)$/.exec(thing)?.[1];
  const what =
    volumeType === undefined ? `${thing.replaceAll('_', ' ')}s` : `volumes of the type ${volumeType}`;
  return { name: resource, unit: 'GiB-hours', help: `GiB-hours of ${what} since the start date` };
}
