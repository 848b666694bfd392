/**
 * The names under which usage travels, from the exporter over the gate to the portal. They are those of the earlier
 * system, so that existing rules, dashboards and whitelists hold.
 */

/** The job under which a site's Prometheus scrapes its exporter. */
export const USAGE_JOB = 'project_usages';

/** What a portal asks a gate for, and what a gate allows by default. */
export const USAGE_SELECTORS = [
  `{job="${USAGE_JOB}",__name__=~"project_.*_usage"}`,
  `{job="${USAGE_JOB}",__name__=~"stackmeter_exporter_.+"}`,
] as const;

/** Series about the totals themselves, without project labels. */
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
} as const;

/** Labels that series have from their exporter, or from the Prometheus that scrapes it: no name for a label of a site. */
const SERIES_LABELS: ReadonlySet<string> = new Set(
  [
    'project_id project_name domain_id domain_name',
    'cloud epoch version flavor resource failure alias service result',
    'job instance exported_job exported_instance',
  ].flatMap((line) => line.split(' ')),
);

/** Whether series come with such a label by themselves; those that begin with `__` are Prometheus' own. */
export function isSeriesLabel(name: string): boolean {
  return SERIES_LABELS.has(name) || name.startsWith('__');
}

interface Resource {
  /** As in `project_<name>_usage`. */
  name: string;
  /** Unit of the usage: amount × hours. */
  unit: string;
  help: string;
}

/** The resources that stackmeter knows; a portal also takes others, whose unit it then calls `hours`. */
const RESOURCES: readonly Resource[] = [
  { name: 'vcpu', unit: 'vCPU-hours', help: 'vCPU-hours since the start date' },
  { name: 'mb', unit: 'MiB-hours', help: 'MiB-hours of memory since the start date' },
  { name: 'disk_gb', unit: 'GiB-hours', help: 'GiB-hours of root and ephemeral disk since the start date' },
  { name: 'instance', unit: 'instance-hours', help: 'Hours of servers since the start date' },
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

/** The resource of a usage metric, or undefined where the name is not one. */
export function resourceOfMetric(metricName: string): string | undefined {
  return /^project_([a-z0-9][a-z0-9_]{0,62})_usage$/.exec(metricName)?.[1];
}

export function unitOfResource(resource: string): string {
  return resourceNamed(resource)?.unit ?? 'hours';
}

/** Empty for a resource that is not known. */
export function helpOfResource(resource: string): string {
  return resourceNamed(resource)?.help ?? '';
}

/** Other resources in GiB say so by their names: `snapshot_gb`, and `volume_<type>_gb` for volumes of a type. */
function resourceNamed(resource: string): Resource | undefined {
  const known = RESOURCES.find(({ name }) => name === resource);
  const thing = /^(.+)_gb$/.exec(resource)?.[1];
  if (known !== undefined || thing === undefined) return known;
  const volumeType = /^volume_(.+)$/.exec(thing)?.[1];
  const what =
    volumeType === undefined ? `${thing.replaceAll('_', ' ')}s` : `volumes of the type ${volumeType}`;
  return { name: resource, unit: 'GiB-hours', help: `GiB-hours of ${what} since the start date` };
}
