/** Series, a value a minute: an alert fires after two hours of `fires`, with `labels`, and never for `quiet`. */
interface AlertCase {
  fires: Record<string, string>;
  labels: Record<string, string>;
  quiet: Record<string, string>;
  /** The time of the check, if it is not two hours. */
  at?: string;
}

const ALWAYS = 'x120';
const constant = (value: number) => `${value}+0${ALWAYS}`;
const growing = (step: number) => `0+${step}${ALWAYS}`;
/** The present time at every minute: promtool's clock starts at 0. */
const NOW = growing(60);

function simple(name: string, bad: string, good: string, labels: Record<string, string>): AlertCase {
  return { fires: { [name]: bad }, quiet: { [name]: good }, labels };
}

const exporter = 'stackmeter_exporter_';
const gate = 'stackmeter_gate_';
const portal = 'stackmeter_portal_';
const sweeps = (result: string) => `${portal}sweeps_total{site="a",result="${result}"}`;

/** A portal's series about a site with an ordinary pause of 15 minutes. */
function site(
  times: { success: string; reading?: string },
  instance = 'p',
  cloud = '',
): Record<string, string> {
  const labels = `{site="a",instance="${instance}"}`;
  return {
    [`${portal}ordinary_pause_seconds${labels}`]: constant(900),
    [`${portal}last_success_timestamp_seconds${labels}`]: times.success,
    ...(times.reading === undefined
      ? {}
      : {
          [`${portal}last_reading_timestamp_seconds{site="a",instance="${instance}",cloud="${cloud}"}`]:
            times.reading,
        }),
  };
}

function requests(failing: number): Record<string, string> {
  return {
    [`${exporter}request_errors_total{instance="e",service="nova"}`]: growing(failing),
    [`${exporter}request_duration_seconds_count{instance="e",service="nova"}`]: growing(10),
  };
}

export const ALERT_CASES: Readonly<Record<string, AlertCase | AlertCase[]>> = {
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
  // A gate without a certificate shows 0.
  StackmeterCertificateExpires: {
    fires: { [`${gate}certificate_expiry_timestamp_seconds`]: constant(1_000_000) },
    quiet: {
      [`${gate}certificate_expiry_timestamp_seconds`]: constant(2_000_000),
      [`${gate}certificate_expiry_timestamp_seconds{instance="plain"}`]: constant(0),
    },
    labels: {},
  },
  StackmeterTokenExpires: simple(
    `${gate}token_expiry_timestamp_seconds{token="t"}`,
    constant(1_000_000),
    constant(2_000_000),
    { token: 't' },
  ),
  StackmeterPortalDown: simple('up{job="stackmeter_portal"}', constant(0), constant(1), {
    job: 'stackmeter_portal',
  }),
  // Two portals on one database show the same, one of them a little later.
  StackmeterSiteDown: {
    fires: { ...site({ success: '0+60x60 3600+0x60' }), ...site({ success: '0+60x50 3000+0x70' }, 'q') },
    quiet: { ...site({ success: NOW }), ...site({ success: '0+60x50 3000+0x70' }, 'q') },
    labels: { site: 'a' },
  },
  StackmeterSiteNotFederated: simple('up{location="a"}', constant(0), constant(1), { location: 'a' }),
  // If no sweep succeeds at all, another alert fires.
  StackmeterUsageStale: [
    {
      fires: site({ success: NOW, reading: '0+60x20 1200+0x100' }),
      quiet: site({ success: '0+60x20 1200+0x100', reading: '0+60x20 1200+0x100' }),
      labels: { site: 'a' },
      // The reading at 20 minutes, an ordinary pause of 15, five minutes of `for`, and the interval of evaluation.
      at: '45m',
    },
    {
      fires: {
        ...site({ success: NOW, reading: NOW }, 'p', 'east'),
        ...site({ success: NOW, reading: '0+60x20 1200+0x100' }, 'p', 'west'),
        ...site({ success: NOW, reading: '0+60x15 900+0x100' }, 'q', 'west'),
      },
      // A portal may be some seconds behind another portal.
      quiet: {
        ...site({ success: NOW, reading: NOW }, 'p', 'east'),
        ...site({ success: NOW, reading: NOW }, 'p', 'west'),
        ...site({ success: NOW, reading: '0+60x20 1200+0x100' }, 'q', 'west'),
      },
      labels: { site: 'a', cloud: 'west' },
      at: '45m',
    },
  ],
  StackmeterCoverageFalling: simple(
    `${portal}coverage_ratio{site="a",coverage="measured"}`,
    constant(0.89),
    constant(0.91),
    { site: 'a' },
  ),
  StackmeterLedgerAnomaly: simple(`${portal}anomalies_total{site="a"}`, '0+0x100 1+0x20', constant(3), {
    site: 'a',
  }),
  StackmeterLedgerFails: simple(sweeps('ledger_failure'), growing(1), constant(4), { site: 'a' }),
  StackmeterSeriesRefused: simple(`${portal}refused_series_total{site="a"}`, growing(1), constant(4), {
    site: 'a',
  }),
  StackmeterSamplesSetAside: simple(
    `${portal}remote_write_set_aside_samples_total{site="a"}`,
    '0+0x100 9+0x20',
    constant(9),
    { site: 'a' },
  ),
  StackmeterInboxGrows: simple(`${portal}remote_write_waiting_samples`, growing(10), constant(10), {}),
  StackmeterPortalReloadFailed: simple(`${portal}reload_success`, constant(0), constant(1), {}),
};
