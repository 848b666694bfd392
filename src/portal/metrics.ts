import { collectDefaultMetrics, Registry } from 'prom-client';
import { createMetrics, type MetricDeclaration, type Metrics } from '../runtime/metrics.ts';
import { version } from '../runtime/version.ts';
import type { Coverage, FoldOutcome, Refusal, SiteStatus } from './ledger/ledger.ts';

/** What the portal says about itself, after `stackmeter_portal_`; docs/metrics.md lists the same. `site` is the name of a configured site. */
export const DECLARATIONS = {
  buildInfo: { type: 'gauge', name: 'build_info', help: '1, with the version', labels: ['version'] },
  sites: { type: 'gauge', name: 'sites', help: 'Sites that are configured', labels: [] },
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
    help: 'When a sweep of the site was last folded, as the ledger has it; 0 where none ever was',
    labels: ['site'],
  },
  lastReading: {
    type: 'gauge',
    name: 'last_reading_timestamp_seconds',
    help: 'Up to when the ledger knows the usage of each cloud that is not retired; 0 where it knows none',
    labels: ['site', 'cloud'],
  },
  ordinaryPause: {
    type: 'gauge',
    name: 'ordinary_pause_seconds',
    help: 'How long a pause between two readings of the site may be; a longer one is a gap',
    labels: ['site'],
  },
  coverage: {
    type: 'gauge',
    name: 'coverage_ratio',
    help: 'How the last 24 hours that are settled are known: parts of 1 that are measured, spread and missing',
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
    help: 'Remote write requests by status; the sender is empty where none has the token',
    labels: ['sender', 'status'],
  },
  writtenSamples: {
    type: 'counter',
    name: 'remote_write_samples_total',
    help: 'Samples that were kept',
    labels: ['sender'],
  },
  foreignSamples: {
    type: 'counter',
    name: 'remote_write_foreign_samples_total',
    help: 'Samples that are no usage and were passed over',
    labels: ['sender'],
  },
  exposedSites: {
    type: 'gauge',
    name: 'remote_write_exposed_sites',
    help: 'Sites that another site can write as, since they share a job that keeps labels',
    labels: ['sender'],
  },
  waitingSamples: {
    type: 'gauge',
    name: 'remote_write_waiting_samples',
    help: 'Samples that are kept and not folded yet',
    labels: [],
  },
  setAsideSamples: {
    type: 'counter',
    name: 'remote_write_set_aside_samples_total',
    help: 'Samples that could not be folded for an hour, and are set aside for somebody to look at',
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
    help: '1 where the last reload succeeded, 0 where the configuration before it stays in force',
    labels: [],
  },
} as const satisfies Record<string, MetricDeclaration>;

export type PortalMetrics = Metrics<typeof DECLARATIONS>;

/** The portal's own metrics and those of its process, in a registry of their own. */
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

/** The series of a site begin at zero: else the first event would be a beginning, and no increase. */
export function beginSite({ sweeps, ...metrics }: PortalMetrics, site: string): void {
  for (const result of RESULTS) sweeps.inc({ site, result }, 0);
  for (const key of COUNTS_OF_SITE) metrics[key].inc({ site }, 0);
  metrics.lastSuccess.set({ site }, 0);
  metrics.lastReading.set({ site }, 0);
}

/** Shows up to when the usage of all sites is known: of clouds that are retired, and of sites that are not among these, nothing. */
export function showLastReadings({ lastReading }: PortalMetrics, sites: readonly SiteStatus[]): void {
  lastReading.reset();
  for (const { name: site, firstReadingMs, clouds } of sites) {
    if (firstReadingMs === undefined) lastReading.set({ site }, 0);
    for (const { cloud, lastReadingMs } of clouds)
      lastReading.set({ site, ...(cloud === '' ? {} : { cloud }) }, lastReadingMs / 1000);
  }
}

/** Counts what folding a sweep of a site did, and what was refused of it. */
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

/** Takes the series of a site that is configured no more out of the answer. */
export function forgetSite({ sweeps, coverage, ...metrics }: PortalMetrics, site: string): void {
  for (const result of RESULTS) sweeps.remove({ site, result });
  for (const known of COVERAGES) coverage.remove({ site, coverage: known });
  for (const key of [...COUNTS_OF_SITE, ...GAUGES_OF_SITE]) metrics[key].remove({ site });
}
