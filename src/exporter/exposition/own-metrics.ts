import type { MetricFamily } from '../../prometheus/text-format/text-format-writer.ts';
import type { ReadFailure } from '../openstack/session/service-error.ts';
import { family } from './own-families.ts';

/** What the exporter says about its own work. */
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

export function createOwnMetrics(): OwnMetrics {
  const refreshes = { success: 0, failure: 0 };
  let dropped = 0;
  const requests = requestFigures();
  const cloud = cloudFigures();
  const resources = resourceFigures();
  const gpus = gpuFigures();
  return {
    ...requests,
    ...cloud,
    ...resources,
    ...gpus,
    countRefresh: (result) => {
      refreshes[result] += 1;
    },
    countDropped: (servers) => {
      dropped += servers;
    },
    families: () => [
      family('refreshes', [
        { labels: { result: 'success' }, value: refreshes.success },
        { labels: { result: 'failure' }, value: refreshes.failure },
      ]),
      ...requests.families(),
      family('serversDropped', [{ labels: {}, value: dropped }]),
      ...cloud.families(),
      ...resources.families(),
      ...gpus.families(),
    ],
  };
}

interface ServiceFigures {
  requests: number;
  errors: number;
  durationMs: number;
}

function requestFigures(): Pick<OwnMetrics, 'observeRequest' | 'families'> {
  const services = new Map<string, ServiceFigures>();

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
    families: () => {
      const all = [...services];
      const durations = all.flatMap(([service, { requests, durationMs }]) => [
        { suffix: '_sum', labels: { service }, value: durationMs / 1000 },
        { suffix: '_count', labels: { service }, value: requests },
      ]);
      const errors = all.map(([service, figures]) => ({ labels: { service }, value: figures.errors }));
      return [family('requestDuration', durations), family('requestErrors', errors)];
    },
  };
}

function cloudFigures(): Pick<OwnMetrics, 'setNovaAhead' | 'setWholeCloud' | 'families'> {
  let novaAheadMs: number | undefined;
  let wholeCloud: boolean | undefined;
  return {
    setNovaAhead: (durationMs) => {
      novaAheadMs = durationMs;
    },
    setWholeCloud: (allProjects) => {
      wholeCloud = allProjects;
    },
    families: () => [
      family('novaAhead', novaAheadMs === undefined ? [] : [{ labels: {}, value: novaAheadMs / 1000 }]),
      family('wholeCloud', wholeCloud === undefined ? [] : [{ labels: {}, value: Number(wholeCloud) }]),
    ],
  };
}

function resourceFigures(): Pick<OwnMetrics, 'setResource' | 'families'> {
  const resources = new Map<string, ReadFailure | undefined>();
  return {
    setResource: (resource, failure) => void resources.set(resource, failure),
    families: () => {
      const all = [...resources];
      const up = all.map(([resource, failure]) => ({
        labels: { resource },
        value: Number(failure === undefined),
      }));
      const failures = all.flatMap(([resource, failure]) =>
        failure === undefined ? [] : [{ labels: { resource, failure }, value: 1 }],
      );
      return [family('resourceUp', up), family('resourceFailure', failures)];
    },
  };
}

function gpuFigures(): Pick<OwnMetrics, 'setGpusByName' | 'setUnknownGpuAliases' | 'families'> {
  let gpusByName: number | undefined;
  let unknownAliases: readonly string[] = [];
  return {
    setGpusByName: (servers) => {
      gpusByName = servers;
    },
    setUnknownGpuAliases: (aliases) => {
      unknownAliases = aliases;
    },
    families: () => [
      family('gpusByName', gpusByName === undefined ? [] : [{ labels: {}, value: gpusByName }]),
      family(
        'unknownGpuAlias',
        unknownAliases.map((alias) => ({ labels: { alias }, value: 1 })),
      ),
    ],
  };
}
