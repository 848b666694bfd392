import { DEFAULT_BODY_LIMITS } from '../collector/federate-body.ts';
import type { PrometheusTable } from '../settings/prometheus-settings.ts';

/** The settings of a site for a Prometheus that federates it. */
export interface FederatedSite {
  name: string;
  /** Address of the gate. */
  url: string;
  /** Absolute paths. The token itself is never in the configuration, because Prometheus shows that to anyone. */
  tokenFile: string;
  caFile: string | undefined;
  /** The name to expect in the gate's certificate; undefined if it is that of the URL. */
  serverName?: string | undefined;
  intervalMs: number;
  timeoutMs: number;
  labels: Readonly<Record<string, string>>;
  selectors: readonly string[];
}

export interface PrometheusPlan {
  sites: readonly FederatedSite[];
  prometheus: PrometheusTable;
  /** Absolute path of the token of `portal_prometheus.sender`. */
  senderTokenFile: string | undefined;
  /** Absolute path of the token of the portal's own metrics. */
  metricsTokenFile: string | undefined;
}

/** The job of usage series, at a site and here. */
const USAGE_JOB = 'project_usages';

/**
 * The configuration of a Prometheus (2.42 and later) that federates the sites, as a plain object.
 * https://prometheus.io/docs/prometheus/latest/configuration/configuration/
 */
export function renderPrometheusConfig({
  sites,
  prometheus,
  senderTokenFile,
  metricsTokenFile,
}: PrometheusPlan): object {
  const ownLabels = new Set(sites.flatMap((site) => Object.keys(labelsOf(site))));
  return withoutEmpty({
    global: { scrape_interval: '15s', evaluation_interval: '15s' },
    rule_files: prometheus.rule_files,
    alerting:
      prometheus.alertmanagers.length === 0
        ? undefined
        : { alertmanagers: [{ static_configs: [{ targets: prometheus.alertmanagers }] }] },
    scrape_configs: [
      { job_name: 'prometheus', static_configs: [{ targets: ['localhost:9090'] }] },
      ...portalJob(prometheus, metricsTokenFile),
      ...sites.map((site) => siteJob(site, ownLabels)),
    ],
    remote_write: [...ledgerWrite(prometheus, senderTokenFile), ...prometheus.storage.map(storageWrite)],
    remote_read: prometheus.storage.flatMap(storageRead),
  });
}

function portalJob({ portal_target: target }: PrometheusTable, tokenFile: string | undefined): object[] {
  if (target === undefined) return [];
  return [
    withoutEmpty({
      job_name: 'stackmeter_portal',
      authorization: tokenFile === undefined ? undefined : { credentials_file: tokenFile },
      static_configs: [{ targets: [target] }],
    }),
  ];
}

function siteJob(site: FederatedSite, ownLabels: ReadonlySet<string>): object {
  const { protocol, host, pathname } = new URL(site.url);
  const labels = labelsOf(site);
  return withoutEmpty({
    job_name: `site/${site.name}`,
    scheme: protocol.replace(':', ''),
    metrics_path: `${pathname.replace(/\/+$/, '')}/federate`,
    params: { 'match[]': site.selectors },
    scrape_interval: duration(site.intervalMs),
    // Prometheus refuses a timeout that is longer than the interval.
    scrape_timeout: duration(Math.min(site.timeoutMs, site.intervalMs)),
    // Federation needs the labels of the series. Labels that name a site are overwritten below.
    honor_labels: true,
    follow_redirects: false,
    authorization: { credentials_file: site.tokenFile },
    tls_config:
      site.caFile === undefined ? undefined : { ca_file: site.caFile, server_name: site.serverName },
    body_size_limit: '256MB',
    // The limit of the collector.
    sample_limit: DEFAULT_BODY_LIMITS.maxSamples,
    label_limit: 30,
    // In bytes. The label of a flavor has its name and its devices, of 255 characters each.
    label_value_length_limit: 4096,
    static_configs: [{ targets: [host], labels }],
    metric_relabel_configs: protection(labels, ownLabels),
  });
}

/** A site is who its connection says it is (rule A9): its series get the site's own labels, and lose those of others. */
function protection(labels: Readonly<Record<string, string>>, ownLabels: ReadonlySet<string>): object[] {
  const foreign = [...ownLabels].filter((name) => !Object.hasOwn(labels, name)).sort();
  return [
    { source_labels: ['__name__'], regex: 'project_.*_usage|stackmeter_exporter_.+', action: 'keep' },
    ...(foreign.length === 0 ? [] : [{ regex: foreign.join('|'), action: 'labeldrop' }]),
    ...Object.entries({ ...labels, job: USAGE_JOB }).map(([name, value]) => ({
      target_label: name,
      replacement: value.replaceAll('$', '$$$$'),
    })),
  ];
}

function labelsOf({ name, labels }: FederatedSite): Record<string, string> {
  return { ...labels, location: name };
}

function ledgerWrite(
  { ledger_url: url }: PrometheusTable,
  senderTokenFile: string | undefined,
): readonly object[] {
  if (url === undefined) return [];
  return [
    {
      name: 'ledger',
      url,
      authorization: { credentials_file: senderTokenFile },
      write_relabel_configs: [{ source_labels: ['job'], regex: USAGE_JOB, action: 'keep' }],
    },
  ];
}

type Storage = PrometheusTable['storage'][number];

function storageWrite(storage: Storage): object {
  return withoutEmpty({ url: storage.write_url, basic_auth: basicAuth(storage) });
}

function storageRead(storage: Storage): object[] {
  if (storage.read_url === undefined) return [];
  return [withoutEmpty({ url: storage.read_url, basic_auth: basicAuth(storage) })];
}

function basicAuth({ username, password_file }: Storage): object | undefined {
  return username === undefined ? undefined : { username, password_file };
}

function duration(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}

/** Leaves out undefined values and empty lists. */
function withoutEmpty(table: Record<string, unknown>): object {
  return Object.fromEntries(
    Object.entries(table).filter(
      ([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0),
    ),
  );
}
