import type { MetricFamily } from '../../prometheus/text-format/text-format-writer.ts';
import type { MetricDeclaration } from '../../runtime/metrics.ts';

/**
 * The exporter's metrics about its own work, without the prefix `stackmeter_exporter_`. They are written together with the
 * totals of all clouds, and unknown figures are left out. The registry of prom-client can do neither.
 */
const DECLARATIONS = {
  refreshes: {
    type: 'counter',
    name: 'refreshes_total',
    help: 'Refreshes by result: success or failure',
    labels: ['result'],
  },
  requestDuration: {
    type: 'summary',
    name: 'request_duration_seconds',
    help: 'Duration of requests to OpenStack by service; each attempt counts',
    labels: ['service'],
  },
  requestErrors: {
    type: 'counter',
    name: 'request_errors_total',
    help: 'Requests to OpenStack that failed or were refused, by service',
    labels: ['service'],
  },
  serversDropped: {
    type: 'counter',
    name: 'servers_dropped_total',
    help: 'Servers that disappeared without a deletion: their usage since Nova last listed them is lost',
    labels: [],
  },
  novaAhead: {
    type: 'gauge',
    name: 'nova_clock_ahead_seconds',
    help: 'How far the clock of Nova is ahead of the exporter, by the dates of its answers',
    labels: [],
  },
  wholeCloud: {
    type: 'gauge',
    name: 'whole_cloud',
    help: '1 if all projects can be read, 0 if only the projects in which the user has a role are exported',
    labels: [],
  },
  resourceUp: {
    type: 'gauge',
    name: 'resource_up',
    help: '1 if the resource could be read at the last refresh, else 0',
    labels: ['resource'],
  },
  resourceFailure: {
    type: 'gauge',
    name: 'resource_failure',
    help: 'Why a resource could not be read at the last refresh: missing, forbidden or failing',
    labels: ['resource', 'failure'],
  },
  gpusByName: {
    type: 'gauge',
    name: 'servers_gpus_by_flavor_name',
    help: 'Servers whose own flavor could not be read: their GPUs are counted by the flavor of that name',
    labels: [],
  },
  serverHoursTotals: {
    type: 'gauge',
    name: 'server_hours_totals',
    help: "Totals of server hours by project, flavor and state; from 200000 on without the flavor's name",
    labels: [],
  },
  unknownGpuAlias: {
    type: 'gauge',
    name: 'unknown_gpu_alias',
    help: 'Names in extra specs of flavors that gpu_aliases does not have; they count as no GPU',
    labels: ['alias'],
  },
} as const satisfies Record<string, MetricDeclaration>;

type Declarations = typeof DECLARATIONS;

interface Figure<Label extends string> {
  suffix?: string;
  labels: Readonly<Record<Label, string>>;
  value: number;
}

/** The family of a declared metric with its known figures. An empty family is not written. */
export function family<K extends keyof Declarations>(
  key: K,
  figures: readonly Figure<Declarations[K]['labels'][number]>[],
): MetricFamily {
  const { name: declared, type, help } = DECLARATIONS[key];
  const name = `stackmeter_exporter_${declared}`;
  const samples = figures.map(({ suffix = '', labels, value }) => ({
    name: `${name}${suffix}`,
    labels,
    value,
    timestampMs: undefined,
  }));
  return { name, type, help, samples };
}
