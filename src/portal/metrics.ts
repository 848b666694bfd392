import { collectDefaultMetrics, Registry } from 'prom-client';
import { counter, createMetrics, gauge, type Metrics } from '../runtime/metrics.ts';
import { version } from '../runtime/version.ts';
import type { Coverage, FoldOutcome, Refusal, SiteStatus } from './ledger/ledger.ts';

/**
 * The metrics of the portal. Their names start with `stackmeter_portal_`; docs/metrics.md lists them, too. The label `site`
 * is the name of a configured site.
 */
export const DECLARATIONS = {
  buildInfo: gauge('build_info', '1, with the version', 'version'),
  sites: gauge('sites', 'Configured sites'),
  sitesHeld: gauge('sites_held', 'Sites that this portal reads; others on its database read the rest'),
  leaseLosses: counter(
    'lease_losses_total',
    'Leases that another portal took over because they were not renewed in time',
  ),
  sweeps: counter(
    'sweeps_total',
    'Sweeps, read or written by a sender, by result: success, failure (of the site), ledger_failure',
    'site',
    'result',
  ),
  lastSuccess: gauge(
    'last_success_timestamp_seconds',
    'When the last sweep of the site was folded, according to the ledger; 0 if none was',
    'site',
  ),
  lastReading: gauge(
    'last_reading_timestamp_seconds',
    'Time up to which the ledger knows the usage of each cloud that is not retired; 0 if it knows none',
    'site',
    'cloud',
  ),
  ordinaryPause: gauge(
    'ordinary_pause_seconds',
    'Longest ordinary pause between two readings of the site; a longer one is a gap',
    'site',
  ),
  coverage: gauge(
    'coverage_ratio',
    'Shares of the last 24 settled hours that are measured, spread and missing, from 0 to 1',
    'site',
    'coverage',
  ),
  folded: counter('folded_readings_total', 'Readings that moved a meter forward', 'site'),
  ignored: counter(
    'ignored_readings_total',
    'Readings that were not newer than the last of their meter',
    'site',
  ),
  refused: counter('refused_series_total', 'Series that were refused', 'site'),
  anomalies: counter('anomalies_total', 'Anomalies that were recorded', 'site'),
  writeRequests: counter(
    'remote_write_requests_total',
    'Remote write requests by status; the sender is empty if the token is unknown',
    'sender',
    'status',
  ),
  writtenSamples: counter('remote_write_samples_total', 'Samples that were stored', 'sender'),
  foreignSamples: counter(
    'remote_write_foreign_samples_total',
    'Samples that are not usage and were skipped',
    'sender',
  ),
  exposedSites: gauge(
    'remote_write_exposed_sites',
    'Sites in whose name another site can write, because both share a job that keeps labels',
    'sender',
  ),
  waitingSamples: gauge('remote_write_waiting_samples', 'Samples that are stored and not folded yet'),
  setAsideSamples: counter(
    'remote_write_set_aside_samples_total',
    'Samples that could not be folded for an hour and are set aside for a person to look at',
    'site',
  ),
  replicaUp: gauge('read_replica_up', '1 if the read replica can be used, else 0'),
  replicaAge: gauge(
    'read_replica_age_seconds',
    'How far the read replica is behind at most; absent while it cannot be used',
  ),
  reloads: counter('reloads_total', 'Reloads of the configuration by result: success, failure', 'result'),
  reloadSuccess: gauge(
    'reload_success',
    '1 if the last reload succeeded, 0 if the earlier configuration stays in force',
  ),
};

export type PortalMetrics = Metrics<typeof DECLARATIONS>;

/** Creates the metrics of the portal and of its process, in their own registry. */
export function createPortalMetrics(): PortalMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const metrics = createMetrics('stackmeter_portal_', DECLARATIONS, registry);
  metrics.buildInfo.set({ version }, 1);
  metrics.reloadSuccess.set(1);
  metrics.replicaUp.remove();
  metrics.replicaAge.remove();
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

/** Shows the age of the read replica; undefined if it cannot be used. Without a replica there are no such series. */
export function showReplica({ replicaUp, replicaAge }: PortalMetrics, ageSeconds: number | undefined): void {
  replicaUp.set(ageSeconds === undefined ? 0 : 1);
  if (ageSeconds === undefined) replicaAge.remove();
  else replicaAge.set(ageSeconds);
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
