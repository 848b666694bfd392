import type { MetricFamily } from '../../prometheus/text-format/text-format-writer.ts';
import type { RequestObservation } from '../openstack/session/http.ts';
import type { ReadFailure } from '../openstack/session/service-error.ts';
import { family } from './own-families.ts';
import { RefreshHistory } from './refresh-history.ts';

interface ServiceFigures {
  requests: number;
  errors: number;
  durationMs: number;
}

/** Why a resource could not be read. */
export interface FailedRead {
  failure: ReadFailure;
  reason: string;
}

/** The exporter's metrics about its own work. */
export class OwnMetrics {
  readonly refreshes = new RefreshHistory();
  readonly #services = new Map<string, ServiceFigures>();
  readonly #resources = new Map<string, FailedRead | undefined>();
  #dropped = 0;
  #novaAheadS: number | undefined;
  #wholeCloud: boolean | undefined;
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

  countDropped(servers: number): void {
    this.#dropped += servers;
  }

  setNovaAhead(durationMs: number): void {
    this.#novaAheadS = durationMs / 1000;
  }

  setWholeCloud(allProjects: boolean): void {
    this.#wholeCloud = allProjects;
  }

  /** Why the resource could not be read at the last refresh; undefined where it was read. */
  setResource(resource: string, failed: FailedRead | undefined): void {
    this.#resources.set(resource, failed);
  }

  /** Each resource, and why it could not be read at the last refresh. */
  get resources(): ReadonlyMap<string, FailedRead | undefined> {
    return this.#resources;
  }

  /** Whether all projects can be read; undefined before the first answer. */
  get readsWholeCloud(): boolean | undefined {
    return this.#wholeCloud;
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
    const refreshes = Object.entries(this.refreshes.counts);
    return [
      family(
        'refreshes',
        refreshes.map(([result, value]) => ({ labels: { result }, value })),
      ),
      ...requestFamilies([...this.#services]),
      family('serversDropped', figure(this.#dropped)),
      family('novaAhead', figure(this.#novaAheadS)),
      family('wholeCloud', figure(this.#wholeCloud === undefined ? undefined : Number(this.#wholeCloud))),
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

function resourceFamilies(resources: readonly (readonly [string, FailedRead | undefined])[]): MetricFamily[] {
  const up = resources.map(([resource, failed]) => ({
    labels: { resource },
    value: Number(failed === undefined),
  }));
  const failures = resources.flatMap(([resource, failed]) =>
    failed === undefined ? [] : [{ labels: { resource, failure: failed.failure }, value: 1 }],
  );
  return [family('resourceUp', up), family('resourceFailure', failures)];
}
