/** What an alert is to fire for after two hours (or `at`), with which labels, and what it is to keep quiet at. A value a minute. */
interface AlertCase {
  fires: Record<string, string>;
  labels: Record<string, string>;
  quiet: Record<string, string>;
  at?: string;
}

const ALWAYS = 'x120';
const constant = (value: number) => `${value}+0${ALWAYS}`;
const growing = (step: number) => `0+${step}${ALWAYS}`;
/** Now, always: the clock of promtool begins at 0. */
const NOW = growing(60);

function simple(name: string, bad: string, good: string, labels: Record<string, string>): AlertCase {
  return { fires: { [name]: bad }, quiet: { [name]: good }, labels };
}

const exporter = 'stackmeter_exporter_';
const gate = 'stackmeter_gate_';
const portal = 'stackmeter_portal_';
const sweeps = (result: string) => `${portal}sweeps_total{site="a",result="${result}"}`;

function requests(failing: number): Record<string, string> {
  return {
    [`${exporter}request_errors_total{instance="e",service="nova"}`]: growing(failing),
    [`${exporter}request_duration_seconds_count{instance="e",service="nova"}`]: growing(10),
  };
}

export const ALERT_CASES: Readonly<Record<string, AlertCase>> = {
  StackmeterExporterDown: simple('up{job="project_usages",instance="e"}', constant(0), constant(1), {
    job: 'project_usages',
    instance: 'e',
  }),
  StackmeterRefreshOld: simple(
    `${exporter}last_refresh_success_timestamp_seconds{instance="e"}`,
    constant(0),
    NOW,
    { instance: 'e' },
  ),
  StackmeterOpenStackRequestsFail: {
    fires: requests(3),
    quiet: requests(1),
    labels: { instance: 'e', service: 'nova' },
  },
  StackmeterResourceUnread: simple(`${exporter}resource_up{resource="gpu"}`, constant(0), constant(1), {
    resource: 'gpu',
  }),
  StackmeterGateDown: simple('up{job="stackmeter_gate"}', constant(0), constant(1), {
    job: 'stackmeter_gate',
  }),
  StackmeterGateDeniesMuch: simple(
    `${gate}decisions_total{instance="g",token="",result="denied",reason="token"}`,
    growing(60),
    growing(10),
    { instance: 'g', reason: 'token' },
  ),
  StackmeterGateUpstreamFails: simple(
    `${gate}upstream_errors_total{instance="g",status="502"}`,
    growing(1),
    constant(5),
    { instance: 'g' },
  ),
  StackmeterGateReloadFailed: simple(`${gate}reload_success`, constant(0), constant(1), {}),
  StackmeterCertificateExpires: simple(
    `${gate}certificate_expiry_timestamp_seconds`,
    constant(1_000_000),
    constant(2_000_000),
    {},
  ),
  StackmeterTokenExpires: simple(
    `${gate}token_expiry_timestamp_seconds{token="t"}`,
    constant(1_000_000),
    constant(2_000_000),
    { token: 't' },
  ),
  StackmeterPortalDown: simple('up{job="stackmeter_portal"}', constant(0), constant(1), {
    job: 'stackmeter_portal',
  }),
  StackmeterSiteDown: {
    fires: { [sweeps('failure')]: growing(1), [sweeps('success')]: constant(7) },
    quiet: { [sweeps('failure')]: growing(1), [sweeps('success')]: growing(1) },
    labels: { site: 'a' },
  },
  StackmeterSiteNotFederated: simple('up{location="a"}', constant(0), constant(1), { location: 'a' }),
  StackmeterUsageStale: simple(`${exporter}folded_until_timestamp_seconds{location="a"}`, constant(0), NOW, {
    location: 'a',
  }),
  // It looks back a day.
  StackmeterCoverageFalling: {
    fires: { [`${portal}folded_readings_total{site="a"}`]: '0+10x1500 15000+1x120' },
    quiet: { [`${portal}folded_readings_total{site="a"}`]: '0+10x1620' },
    labels: { site: 'a' },
    at: '27h',
  },
  StackmeterLedgerAnomaly: simple(`${portal}anomalies_total{site="a"}`, '0+0x100 1+0x20', constant(3), {
    site: 'a',
  }),
  StackmeterLedgerFails: simple(sweeps('ledger_failure'), growing(1), constant(4), { site: 'a' }),
  StackmeterSeriesRefused: simple(`${portal}refused_series_total{site="a"}`, growing(1), constant(4), {
    site: 'a',
  }),
  StackmeterInboxGrows: simple(`${portal}remote_write_waiting_samples`, growing(10), constant(10), {}),
  StackmeterPortalReloadFailed: simple(`${portal}reload_success`, constant(0), constant(1), {}),
};
