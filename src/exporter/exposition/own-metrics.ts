import type { ReadFailure } from '../openstack/session/service-error.ts';
import type { Labels } from '../../prometheus/sample.ts';
import type { MetricFamily } from '../../prometheus/text-format/text-format-writer.ts';

/** What the exporter says about its own work, by name. */
const TABLE = {
  refreshes: {
    name: 'stackmeter_exporter_refreshes_total',
    type: 'counter',
    help: 'Refreshes by result: success or failure',
  },
  requestDuration: {
    name: 'stackmeter_exporter_request_duration_seconds',
    type: 'summary',
    help: 'Duration of requests to OpenStack by service, each attempt by itself',
  },
  requestErrors: {
    name: 'stackmeter_exporter_request_errors_total',
    type: 'counter',
    help: 'Requests to OpenStack that failed or were refused, by service',
  },
  serversDropped: {
    name: 'stackmeter_exporter_servers_dropped_total',
    type: 'counter',
    help: 'Servers that vanished without a deletion, whose usage since they were last seen is lost',
  },
  novaAhead: {
    name: 'stackmeter_exporter_nova_clock_ahead_seconds',
    type: 'gauge',
    help: 'How far the clock of Nova is ahead of that of the exporter, as far as its dates tell',
  },
  wholeCloud: {
    name: 'stackmeter_exporter_whole_cloud',
    type: 'gauge',
    help: '1 where all projects can be read, 0 where those that the user has a role in are all that is exported',
  },
  resourceUp: {
    name: 'stackmeter_exporter_resource_up',
    type: 'gauge',
    help: 'Whether what a resource is counted from could be read at the last refresh',
  },
  resourceFailure: {
    name: 'stackmeter_exporter_resource_failure',
    type: 'gauge',
    help: 'Why a resource could not be read at the last refresh: missing, forbidden or failing',
  },
  gpusByName: {
    name: 'stackmeter_exporter_servers_gpus_by_flavor_name',
    type: 'gauge',
    help: 'Servers whose own flavor could not be read: their GPUs go by the flavor that has its name',
  },
  unknownGpuAlias: {
    name: 'stackmeter_exporter_unknown_gpu_alias',
    type: 'gauge',
    help: 'Names in extra specs of flavors that gpu_aliases does not have; they count as no GPU',
  },
} as const;

export interface OwnMetrics {
  observeRequest(request: { service: string; durationMs: number; failed: boolean }): void;
  countRefresh(result: 'success' | 'failure'): void;
  countDropped(servers: number): void;
  setNovaAhead(durationMs: number): void;
  setWholeCloud(allProjects: boolean): void;
  /** Why it could not be read at the last refresh; undefined where it could. */
  setResource(resource: string, failure: ReadFailure | undefined): void;
  setGpusByName(servers: number): void;
  setUnknownGpuAliases(aliases: readonly string[]): void;
  families(): MetricFamily[];
}

interface ServiceFigures {
  requests: number;
  errors: number;
  durationMs: number;
}

export function createOwnMetrics(): OwnMetrics {
  const refreshes = { success: 0, failure: 0 };
  const services = new Map<string, ServiceFigures>();
  const resources = new Map<string, ReadFailure | undefined>();
  let gpusByName: number | undefined;
  let unknownAliases: readonly string[] = [];
  let wholeCloud: boolean | undefined;
  let novaAheadMs: number | undefined;
  let dropped = 0;

  function figuresOf(service: string): ServiceFigures {
    const figures = services.get(service) ?? { requests: 0, errors: 0, durationMs: 0 };
    services.set(service, figures);
    return figures;
  }

  return {
    observeRequest: ({ service, durationMs, failed }) => {
      const figures = figuresOf(service.toLowerCase());
      figures.requests += 1;
      figures.durationMs += durationMs;
      if (failed) figures.errors += 1;
    },
    countRefresh: (result) => {
      refreshes[result] += 1;
    },
    countDropped: (servers) => {
      dropped += servers;
    },
    setNovaAhead: (durationMs) => {
      novaAheadMs = durationMs;
    },
    setWholeCloud: (allProjects) => {
      wholeCloud = allProjects;
    },
    setResource: (resource, failure) => void resources.set(resource, failure),
    setGpusByName: (servers) => {
      gpusByName = servers;
    },
    setUnknownGpuAliases: (aliases) => {
      unknownAliases = aliases;
    },
    families: () => [
      family('refreshes', [
        { labels: { result: 'success' }, value: refreshes.success },
        { labels: { result: 'failure' }, value: refreshes.failure },
      ]),
      family(
        'requestDuration',
        [...services].flatMap(([service, { requests, durationMs }]) => [
          { suffix: '_sum', labels: { service }, value: durationMs / 1000 },
          { suffix: '_count', labels: { service }, value: requests },
        ]),
      ),
      family(
        'requestErrors',
        [...services].map(([service, { errors }]) => ({ labels: { service }, value: errors })),
      ),
      family('serversDropped', [{ labels: {}, value: dropped }]),
      family('novaAhead', novaAheadMs === undefined ? [] : [{ labels: {}, value: novaAheadMs / 1000 }]),
      family('wholeCloud', wholeCloud === undefined ? [] : [{ labels: {}, value: Number(wholeCloud) }]),
      family(
        'resourceUp',
        [...resources].map(([resource, failure]) => ({
          labels: { resource },
          value: Number(failure === undefined),
        })),
      ),
      family(
        'resourceFailure',
        [...resources].flatMap(([resource, failure]) =>
          failure === undefined ? [] : [{ labels: { resource, failure }, value: 1 }],
        ),
      ),
      family('gpusByName', gpusByName === undefined ? [] : [{ labels: {}, value: gpusByName }]),
      family(
        'unknownGpuAlias',
        unknownAliases.map((alias) => ({ labels: { alias }, value: 1 })),
      ),
    ],
  };
}

function family(
  key: keyof typeof TABLE,
  values: { suffix?: string; labels: Labels; value: number }[],
): MetricFamily {
  const { name, type, help } = TABLE[key];
  const samples = values.map(({ suffix = '', labels, value }) => ({
    name: `${name}${suffix}`,
    labels,
    value,
    timestampMs: undefined,
  }));
  return { name, type, help, samples };
}
