import type { MetricFamily } from '../../prometheus/text-format/text-format-writer.ts';
import type { MetricDeclaration } from '../../runtime/metrics.ts';

/**
 * What the exporter says about its own work, after `stackmeter_exporter_`. It is written at once with the totals of all
 * clouds, and a figure that nobody knows yet is left out: the registry of prom-client does neither.
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
    help: 'Duration of requests to OpenStack by service, each attempt by itself',
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
    help: 'Servers that vanished without a deletion, whose usage since they were last seen is lost',
    labels: [],
  },
  novaAhead: {
    type: 'gauge',
    name: 'nova_clock_ahead_seconds',
    help: 'How far the clock of Nova is ahead of that of the exporter, as far as its dates tell',
    labels: [],
  },
  wholeCloud: {
    type: 'gauge',
    name: 'whole_cloud',
    help: '1 where all projects can be read, 0 where those that the user has a role in are all that is exported',
    labels: [],
  },
  resourceUp: {
    type: 'gauge',
    name: 'resource_up',
    help: 'Whether what a resource is counted from could be read at the last refresh',
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
    help: 'Servers whose own flavor could not be read: their GPUs go by the flavor that has its name',
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

/** A declared metric with what is known of it; nothing of it is written while that is empty. */
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
