import type { MetricFamily } from '../../prometheus/text-format/text-format-writer.ts';
import type { RequestObservation } from '../openstack/session/http.ts';
import type { ReadFailure } from '../openstack/session/service-error.ts';
import { family } from './own-families.ts';

interface ServiceFigures {
  requests: number;
  errors: number;
  durationMs: number;
}

/** The exporter's metrics about its own work. */
export class OwnMetrics {
  readonly #refreshes = { success: 0, failure: 0 };
  readonly #services = new Map<string, ServiceFigures>();
  readonly #resources = new Map<string, ReadFailure | undefined>();
  #dropped = 0;
  #novaAheadS: number | undefined;
  #wholeCloud: number | undefined;
  #gpusByName: number | undefined;
  #serverHoursTotals: number | undefined;
  #unknownAliases: readonly string[] = [];

  observeRequest({ service, durationMs, failed }: RequestObservation): void {
    const name = service.toLowerCase();
    const figures = this.#services.get(name) ?? { requests: 0, errors: 0, durationMs: 0 };
    this.#services.set(name, figures);
    figures.requests += 1;
    figures.durationMs += durationMs;
    if (failed) figures.errors += 1;
  }

  countRefresh(result: 'success' | 'failure'): void {
    this.#refreshes[result] += 1;
  }

  countDropped(servers: number): void {
    this.#dropped += servers;
  }

  setNovaAhead(durationMs: number): void {
    this.#novaAheadS = durationMs / 1000;
  }

  setWholeCloud(allProjects: boolean): void {
    this.#wholeCloud = Number(allProjects);
  }

  /** Why the resource could not be read at the last refresh; undefined where it was read. */
  setResource(resource: string, failure: ReadFailure | undefined): void {
    this.#resources.set(resource, failure);
  }

  setGpusByName(servers: number): void {
    this.#gpusByName = servers;
  }

  setServerHoursTotals(totals: number): void {
    this.#serverHoursTotals = totals;
  }

  setUnknownGpuAliases(aliases: readonly string[]): void {
    this.#unknownAliases = aliases;
  }

  families(): MetricFamily[] {
    const refreshes = Object.entries(this.#refreshes);
    return [
      family(
        'refreshes',
        refreshes.map(([result, value]) => ({ labels: { result }, value })),
      ),
      ...requestFamilies([...this.#services]),
      family('serversDropped', figure(this.#dropped)),
      family('novaAhead', figure(this.#novaAheadS)),
      family('wholeCloud', figure(this.#wholeCloud)),
      ...resourceFamilies([...this.#resources]),
      family('gpusByName', figure(this.#gpusByName)),
      family('serverHoursTotals', figure(this.#serverHoursTotals)),
      family(
        'unknownGpuAlias',
        this.#unknownAliases.map((alias) => ({ labels: { alias }, value: 1 })),
      ),
    ];
  }
}

/** A figure without labels; nothing where it is not known yet. */
function figure(value: number | undefined) {
  return value === undefined ? [] : [{ labels: {}, value }];
}

function requestFamilies(services: readonly (readonly [string, ServiceFigures])[]): MetricFamily[] {
  const durations = services.flatMap(([service, { requests, durationMs }]) => [
    { suffix: '_sum', labels: { service }, value: durationMs / 1000 },
    { suffix: '_count', labels: { service }, value: requests },
  ]);
  const errors = services.map(([service, figures]) => ({ labels: { service }, value: figures.errors }));
  return [family('requestDuration', durations), family('requestErrors', errors)];
}

function resourceFamilies(
  resources: readonly (readonly [string, ReadFailure | undefined])[],
): MetricFamily[] {
  const up = resources.map(([resource, failure]) => ({
    labels: { resource },
    value: Number(failure === undefined),
  }));
  const failures = resources.flatMap(([resource, failure]) =>
    failure === undefined ? [] : [{ labels: { resource, failure }, value: 1 }],
  );
  return [family('resourceUp', up), family('resourceFailure', failures)];
}
