import { describe, expect, it } from 'vitest';
import { prometheusTable } from '../settings/prometheus-settings.ts';
import { renderPrometheusConfig, type FederatedSite } from './render.ts';

const siteA: FederatedSite = {
  name: 'site-a',
  url: 'https://usage.site-a.example:8443',
  tokenFile: '/etc/stackmeter/site-a.token',
  caFile: '/etc/stackmeter/site-a.pem',
  intervalMs: 30_000,
  timeoutMs: 60_000,
  labels: { location_id: '8676', note: 'costs $1' },
  selectors: ['{job="project_usages",__name__=~"project_.*_usage"}'],
};
const siteB: FederatedSite = {
  ...siteA,
  name: 'site-b',
  url: 'http://127.0.0.1:8443/behind/a/proxy/',
  caFile: undefined,
  intervalMs: 1500,
  timeoutMs: 1000,
  labels: {},
};

describe('the configuration of a Prometheus that federates the sites', () => {
  it('has a job for each site, with its own token, CA, labels and protection against labels of other sites', () => {
    const prometheus = prometheusTable.parse({
      ledger_url: 'http://portal:8000/api/v1/write',
      sender: 'portal-prometheus',
      portal_target: 'portal:8000',
      rule_files: ['/etc/stackmeter/alerts.yml'],
      alertmanagers: ['alertmanager:9093'],
      storage: [
        {
          write_url: 'http://influxdb:8086/api/v1/prom/write?db=usage',
          read_url: 'http://influxdb:8086/api/v1/prom/read?db=usage',
          username: 'prometheus',
          password_file: '/run/secrets/influxdb',
        },
        { write_url: 'http://victoriametrics:8428/api/v1/write' },
      ],
    });
    const config = renderPrometheusConfig({
      sites: [siteA, siteB],
      prometheus,
      senderTokenFile: '/etc/stackmeter/sender.token',
      metricsTokenFile: '/run/metrics.token',
    });
    const keep = {
      source_labels: ['__name__'],
      regex: 'project_.*_usage|stackmeter_exporter_.+',
      action: 'keep',
    };
    const limits = {
      body_size_limit: '256MB',
      sample_limit: 1_000_000,
      label_limit: 30,
      label_value_length_limit: 4096,
    };
    expect(config).toEqual({
      global: { scrape_interval: '15s', evaluation_interval: '15s' },
      rule_files: ['/etc/stackmeter/alerts.yml'],
      alerting: { alertmanagers: [{ static_configs: [{ targets: ['alertmanager:9093'] }] }] },
      scrape_configs: [
        { job_name: 'prometheus', static_configs: [{ targets: ['localhost:9090'] }] },
        {
          job_name: 'stackmeter_portal',
          authorization: { credentials_file: '/run/metrics.token' },
          static_configs: [{ targets: ['portal:8000'] }],
        },
        {
          job_name: 'site/site-a',
          scheme: 'https',
          metrics_path: '/federate',
          params: { 'match[]': siteA.selectors },
          scrape_interval: '30s',
          scrape_timeout: '30s',
          honor_labels: true,
          follow_redirects: false,
          authorization: { credentials_file: '/etc/stackmeter/site-a.token' },
          tls_config: { ca_file: '/etc/stackmeter/site-a.pem' },
          ...limits,
          static_configs: [
            {
              targets: ['usage.site-a.example:8443'],
              labels: { location: 'site-a', location_id: '8676', note: 'costs $1' },
            },
          ],
          metric_relabel_configs: [
            keep,
            { target_label: 'location_id', replacement: '8676' },
            { target_label: 'note', replacement: 'costs $$1' },
            { target_label: 'location', replacement: 'site-a' },
            { target_label: 'job', replacement: 'project_usages' },
          ],
        },
        {
          job_name: 'site/site-b',
          scheme: 'http',
          metrics_path: '/behind/a/proxy/federate',
          params: { 'match[]': siteB.selectors },
          scrape_interval: '1500ms',
          scrape_timeout: '1s',
          honor_labels: true,
          follow_redirects: false,
          authorization: { credentials_file: '/etc/stackmeter/site-a.token' },
          ...limits,
          static_configs: [{ targets: ['127.0.0.1:8443'], labels: { location: 'site-b' } }],
          metric_relabel_configs: [
            keep,
            { regex: 'location_id|note', action: 'labeldrop' },
            { target_label: 'location', replacement: 'site-b' },
            { target_label: 'job', replacement: 'project_usages' },
          ],
        },
      ],
      remote_write: [
        {
          name: 'ledger',
          url: 'http://portal:8000/api/v1/write',
          authorization: { credentials_file: '/etc/stackmeter/sender.token' },
          write_relabel_configs: [{ source_labels: ['job'], regex: 'project_usages', action: 'keep' }],
        },
        {
          url: 'http://influxdb:8086/api/v1/prom/write?db=usage',
          basic_auth: { username: 'prometheus', password_file: '/run/secrets/influxdb' },
        },
        { url: 'http://victoriametrics:8428/api/v1/write' },
      ],
      remote_read: [
        {
          url: 'http://influxdb:8086/api/v1/prom/read?db=usage',
          basic_auth: { username: 'prometheus', password_file: '/run/secrets/influxdb' },
        },
      ],
    });
  });

  it('has no empty parts without sites and storage', () => {
    expect(
      renderPrometheusConfig({
        sites: [],
        prometheus: prometheusTable.parse({}),
        senderTokenFile: undefined,
        metricsTokenFile: undefined,
      }),
    ).toEqual({
      global: { scrape_interval: '15s', evaluation_interval: '15s' },
      scrape_configs: [{ job_name: 'prometheus', static_configs: [{ targets: ['localhost:9090'] }] }],
    });
  });
});
