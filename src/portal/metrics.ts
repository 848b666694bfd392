import { collectDefaultMetrics, Registry } from 'prom-client';
import { createMetrics, type MetricDeclaration, type Metrics } from '../runtime/metrics.ts';
import { version } from '../runtime/version.ts';
import type { Coverage, FoldOutcome, Refusal, SiteStatus } from './ledger/ledger.ts';

/**
 * The metrics of the portal. Their names start with `stackmeter_portal_`; docs/metrics.md lists them, too. The label `site`
 * is the name of a configured site.
 */
export const DECLARATIONS = {
  buildInfo: { type: 'gauge', name: 'build_info', help: '1, with the version', labels: ['version'] },
  sites: { type: 'gauge', name: 'sites', help: 'Configured sites', labels: [] },
  sitesHeld: {
    type: 'gauge',
    name: 'sites_held',
    help: 'Sites that this portal reads; others on its database read the rest',
    labels: [],
  },
  leaseLosses: {
    type: 'counter',
    name: 'lease_losses_total',
    help: 'Leases that another portal took over because they were not renewed in time',
    labels: [],
  },
  sweeps: {
    type: 'counter',
    name: 'sweeps_total',
    help: 'Sweeps, read or written by a sender, by result: success, failure (of the site), ledger_failure',
    labels: ['site', 'result'],
  },
  lastSuccess: {
    type: 'gauge',
    name: 'last_success_timestamp_seconds',
    help: 'When the last sweep of the site was folded, according to the ledger; 0 if none was',
    labels: ['site'],
  },
  lastReading: {
    type: 'gauge',
    name: 'last_reading_timestamp_seconds',
    help: 'Time up to which the ledger knows the usage of each cloud that is not retired; 0 if it knows none',
    labels: ['site', 'cloud'],
  },
  ordinaryPause: {
    type: 'gauge',
    name: 'ordinary_pause_seconds',
    help: 'Longest ordinary pause between two readings of the site; a longer one is a gap',
    labels: ['site'],
  },
  coverage: {
    type: 'gauge',
    name: 'coverage_ratio',
    help: 'Shares of the last 24 settled hours that are measured, spread and missing, from 0 to 1',
    labels: ['site', 'coverage'],
  },
  folded: {
    type: 'counter',
    name: 'folded_readings_total',
    help: 'Readings that moved a meter forward',
    labels: ['site'],
  },
  ignored: {
    type: 'counter',
    name: 'ignored_readings_total',
    help: 'Readings that were not newer than the last of their meter',
    labels: ['site'],
  },
  refused: {
    type: 'counter',
    name: 'refused_series_total',
    help: 'Series that were refused',
    labels: ['site'],
  },
  anomalies: {
    type: 'counter',
    name: 'anomalies_total',
    help: 'Anomalies that were recorded',
    labels: ['site'],
  },
  writeRequests: {
    type: 'counter',
    name: 'remote_write_requests_total',
    help: 'Remote write requests by status; the sender is empty if the token is unknown',
    labels: ['sender', 'status'],
  },
  writtenSamples: {
    type: 'counter',
    name: 'remote_write_samples_total',
    help: 'Samples that were stored',
    labels: ['sender'],
  },
  foreignSamples: {
    type: 'counter',
    name: 'remote_write_foreign_samples_total',
    help: 'Samples that are not usage and were skipped',
    labels: ['sender'],
  },
  exposedSites: {
    type: 'gauge',
    name: 'remote_write_exposed_sites',
    help: 'Sites in whose name another site can write, because both share a job that keeps labels',
    labels: ['sender'],
  },
  waitingSamples: {
    type: 'gauge',
    name: 'remote_write_waiting_samples',
    help: 'Samples that are stored and not folded yet',
    labels: [],
  },
  setAsideSamples: {
    type: 'counter',
    name: 'remote_write_set_aside_samples_total',
    help: 'Samples that could not be folded for an hour and are set aside for a person to look at',
    labels: ['site'],
  },
  reloads: {
    type: 'counter',
    name: 'reloads_total',
    help: 'Reloads of the configuration by result: success, failure',
    labels: ['result'],
  },
  reloadSuccess: {
    type: 'gauge',
    name: 'reload_success',
    help: '1 if the last reload succeeded, 0 if the earlier configuration stays in force',
    labels: [],
  },
} as const satisfies Record<string, MetricDeclaration>;

export type PortalMetrics = Metrics<typeof DECLARATIONS>;

/** Creates the metrics of the portal and of its process, in their own registry. */
export function createPortalMetrics(): PortalMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const metrics = createMetrics('stackmeter_portal_', DECLARATIONS, registry);
  metrics.buildInfo.set({ version }, 1);
  metrics.reloadSuccess.set(1);
  return metrics;
}

const RESULTS = ['success', 'failure', 'ledger_failure'] as const;
const COVERAGES = ['measured', 'spread', 'missing'] as const satisfies readonly Coverage[];
const COUNTS_OF_SITE = ['folded', 'ignored', 'refused', 'anomalies', 'setAsideSamples'] as const;
const GAUGES_OF_SITE = ['lastSuccess', 'ordinaryPause'] as const;

/** Starts the series of a site at zero. Otherwise Prometheus would not count the first event as an increase. */
export function beginSite({ sweeps, ...metrics }: PortalMetrics, site: string): void {
  for (const result of RESULTS) sweeps.inc({ site, result }, 0);
  for (const key of COUNTS_OF_SITE) metrics[key].inc({ site }, 0);
  metrics.lastSuccess.set({ site }, 0);
  metrics.lastReading.set({ site }, 0);
}

/** Shows the time up to which usage is known, for the clouds of these sites only. Retired clouds have no series. */
export function showLastReadings({ lastReading }: PortalMetrics, sites: readonly SiteStatus[]): void {
  lastReading.reset();
  for (const { name: site, firstReadingMs, clouds } of sites) {
    if (firstReadingMs === undefined) lastReading.set({ site }, 0);
    for (const { cloud, lastReadingMs } of clouds)
      lastReading.set({ site, ...(cloud === '' ? {} : { cloud }) }, lastReadingMs / 1000);
  }
}

/** Counts the outcome of a folded sweep of a site, and the refused series. */
export function countFold(
  metrics: PortalMetrics,
  site: string,
  { folded, ignored, anomalies }: FoldOutcome,
  refusals: readonly Refusal[],
): void {
  metrics.sweeps.inc({ site, result: 'success' });
  metrics.folded.inc({ site }, folded);
  metrics.ignored.inc({ site }, ignored);
  metrics.anomalies.inc({ site }, anomalies);
  metrics.refused.inc(
    { site },
    refusals.reduce((sum, { count }) => sum + count, 0),
  );
}

/** Removes the series of a site that is no longer configured. */
export function forgetSite({ sweeps, coverage, ...metrics }: PortalMetrics, site: string): void {
  for (const result of RESULTS) sweeps.remove({ site, result });
  for (const known of COVERAGES) coverage.remove({ site, coverage: known });
  for (const key of [...COUNTS_OF_SITE, ...GAUGES_OF_SITE]) metrics[key].remove({ site });
}
