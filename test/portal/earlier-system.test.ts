// The earlier system beside stackmeter: the earlier portal's Prometheus reads a stackmeter site, and a stackmeter portal
// reads an earlier site.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { expect, it, onTestFinished } from 'vitest';
import { getJson, totalUsage } from '../support/api-client.ts';
import { describeWith } from '../support/describe-with.ts';
import { plainText, startUpstream } from '../gate/harness.ts';
import {
  eventually,
  freePort,
  runStackmeter,
  startProgram,
  startStackmeter,
  temporaryFolder,
} from '../support/processes.ts';
import { queryEventually, startPrometheus } from '../support/prometheus-server.ts';
import { startPortal } from '../support/site.ts';

const TOKEN = 'earlier-token-of-43-characters-0123456789abc';
const HOUR = 3_600_000;

/** A profile in the form of the earlier system's examples. */
const DUMMY_FILE = `
[default] # domain name
domain_id = "default"
[[default.projects]]
project_name="MyOSP"
project_id = '123MyOSP'
machines = [
    {ram = 8, cpus = 2, existence = true, instance_id = "1"},
    {ram = 8, cpus = 4, existence = false, instance_id = "2"},
    {ram = 8, cpus = 4, existence = [2020-07-15T14:30:00, 2020-07-16T20:40:00], instance_id = "4"},
]
[elixir]
domain_id="123elixirDomain"
[[elixir.projects]]
project_name="portal-pool-a"
project_id="123realsimplevm"
    [[elixir.projects.machines]]
    ram = 8
    cpus = 4
    existence = true
    metadata = {project_name = 'HerSVM', project_id = ''}
    instance_id = "9"
    [[elixir.projects.machines]]
    ram = 8
    cpus = 4
    existence = 2020-07-15T14:30:00
    metadata = {project_name = 'HisSVM', project_id = ''}
    instance_id = "11"
`;

/** The environment that the earlier compose file sets. */
const EXPORTER_ENVIRONMENT = {
  USAGE_EXPORTER_START_DATE: '2026-01-01',
  USAGE_EXPORTER_UPDATE_INTERVAL: '1',
  USAGE_EXPORTER_PROJECT_DOMAINS: 'elixir',
  USAGE_EXPORTER_PROJECT_DOMAIN_ID: '',
  USAGE_EXPORTER_SIMPLE_VM_PROJECT_ID: '123realsimplevm',
  USAGE_EXPORTER_DUMMY_FILE: 'dummy_cc.toml',
};

/** The earlier portal's Prometheus: one job and one token for all sites, a location and a number for each site. */
const earlierPortal = (targets: string, caFile: string) => `
global: { scrape_interval: 1s, evaluation_interval: 15s }
scrape_configs:
  - job_name: 'denbi_cloud_project_usage'
    honor_labels: true
    metrics_path: '/federate'
    params:
      'match[]':
        - '{job="project_usages",__name__=~"project_.*_usage"}'
    static_configs:
      - targets: ['${targets}']
        labels:
          location: site-a
          location_id: 8487
    bearer_token: "${TOKEN}"
    scheme: https
    tls_config: { ca_file: ${caFile} }
`;

/** The earlier site's Prometheus, which reads the exporter at the path `/`. */
const earlierSite = (exporter: string) => `
global: { scrape_interval: 1s, evaluation_interval: 15s }
scrape_configs:
  - job_name: project_usages
    metrics_path: /
    params:
      'match[]':
        - '{__name__=~"project_.*_usage"}'
    static_configs:
      - targets: ['${exporter}']
`;

/** The earlier site's gate: an HAProxy that compares the token and the first selector as plain text. */
const earlierHaproxy = (port: number, prometheus: string) => `
defaults
	timeout connect 5000ms
	timeout client 50000ms
	timeout server 50000ms
	mode http
	default-server init-addr last,libc,none
frontend http-in
	bind 127.0.0.1:${port}
	default_backend site_prometheus
	acl auth_header req.fhdr(Authorization) "Bearer \${PORTAL_AUTH_TOKEN}"
	http-request deny if ! auth_header
	acl valid_query urlp(match%5B%5D) %7Bjob%3D%22project_usages%22%2C__name__%3D~%22project_.%2A_usage%22%7D
	http-request deny if ! valid_query
backend site_prometheus
	server site_prometheus ${prometheus}
`;

describeWith(['prometheus'], "the earlier portal's Prometheus", ({ prometheus }) => {
  it('reads a site that runs with the earlier setting names, and stores the earlier labels', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'dummy_cc.toml'), DUMMY_FILE);
    const exporterPort = await freePort();
    const exporter = startStackmeter(
      ['exporter', '--listen', `127.0.0.1:${exporterPort}`, '--settling-delay', '0'],
      { cwd: folder, env: EXPORTER_ENVIRONMENT },
    );
    onTestFinished(async () => void (await exporter.stop()));
    const site = await startPrometheus(
      prometheus,
      join(folder, 'site'),
      earlierSite(`127.0.0.1:${exporterPort}`),
    );
    const gate = await startGateOverTls(folder, site.url);
    const portal = await startPrometheus(
      prometheus,
      join(folder, 'portal'),
      earlierPortal(gate, join(folder, 'gate.crt')),
    );
    const found = await queryEventually(portal, 'project_vcpu_usage');
    const series = (id: string, name: string) => ({
      __name__: 'project_vcpu_usage',
      job: 'project_usages',
      instance: `127.0.0.1:${exporterPort}`,
      location: 'site-a',
      location_id: '8487',
      project_id: id,
      project_name: name,
      domain_id: '123elixirDomain',
      domain_name: 'elixir',
    });
    const byName = (metric: Record<string, string>) => metric['project_name'] ?? '';
    expect(
      found.map(({ metric }) => metric).sort((one, other) => byName(one).localeCompare(byName(other))),
    ).toEqual([
      series('123realsimplevm/HerSVM', 'HerSVM'),
      series('123realsimplevm/HisSVM', 'HisSVM'),
      series('123realsimplevm', 'portal-pool-a'),
    ]);
    expect(await portal.query('{__name__!~"project_.*_usage|up|scrape_.*",job!=""}')).toEqual([]);
  });

  async function startGateOverTls(folder: string, prometheusUrl: string): Promise<string> {
    const { cert, private: key } = await generate([{ name: 'commonName', value: 'gate' }], {
      keyType: 'ec',
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
    });
    writeFileSync(join(folder, 'gate.crt'), cert);
    writeFileSync(join(folder, 'gate.key'), key);
    const address = `127.0.0.1:${await freePort()}`;
    const gate = startStackmeter(
      [
        'gate',
        '--listen',
        address,
        '--prometheus',
        prometheusUrl,
        '--tls-cert',
        'gate.crt',
        '--tls-key',
        'gate.key',
      ],
      { cwd: folder, env: { PORTAL_AUTH_TOKEN: TOKEN } },
    );
    onTestFinished(async () => void (await gate.stop()));
    await gate.waitFor(/listen(s|ing)/);
    return address;
  }
});

describeWith(['prometheus', 'haproxy'], 'a site of the earlier system', ({ prometheus, haproxy }) => {
  /** The output of the earlier exporter; the tests move one total forward. */
  const exposition = readFileSync(new URL('earlier-system/exposition.txt', import.meta.url), 'utf8');
  const HER_TOTAL = '3588.4101733333328';

  async function startEarlierSite(folder: string) {
    let answer = () => exposition;
    const exporter = await startUpstream((_, response) => {
      response.writeHead(200, plainText).end(answer());
    });
    const site = await startPrometheus(prometheus, join(folder, 'site'), earlierSite(exporter.url.host));
    await queryEventually(site, 'project_vcpu_usage');
    const port = await freePort();
    const configuration = join(folder, 'haproxy.cfg');
    writeFileSync(configuration, earlierHaproxy(port, new URL(site.url).host));
    const gate = startProgram(haproxy, ['-db', '-f', configuration], { env: { PORTAL_AUTH_TOKEN: TOKEN } });
    onTestFinished(async () => void (await gate.stop()));
    writeFileSync(join(folder, 'site-a.token'), TOKEN);
    return {
      gateUrl: `http://127.0.0.1:${port}`,
      use: (hours: number) => {
        answer = () => exposition.replace(HER_TOTAL, String(Number(HER_TOTAL) + hours));
      },
      /** The same cloud, read by stackmeter's exporter: memory in MiB-hours, epoch and folded-until instant. */
      useByNewExporter: (hours: number) => {
        const labels = `project_id="123HerOSP",project_name="HerOSP",domain_id="default",domain_name="default"`;
        answer = () => `project_vcpu_usage{${labels}} ${Number(HER_TOTAL) + hours}
project_mb_usage{${labels}} ${9569.093795555555 * 1024}
stackmeter_exporter_epoch_info{epoch="new"} 1
stackmeter_exporter_folded_until_timestamp_seconds ${Date.now() / 1000}
`;
      },
    };
  }

  it('is read by the portal through HAProxy, and continues without a jump after a change to the new exporter', async () => {
    const folder = temporaryFolder();
    const site = await startEarlierSite(folder);
    const { url } = await startPortal(folder, {
      'site-a': { gateUrl: site.gateUrl, tokenFile: join(folder, 'site-a.token') },
    });
    const fromMs = Math.floor(Date.now() / HOUR) * HOUR;
    const read = async () =>
      (await totalUsage(url, fromMs - HOUR, fromMs + 2 * HOUR)).filter(({ amount }) => amount > 0);
    const anomalies = async () => {
      const { data } = (await getJson(`${url}/api/v1/sites`)) as { data: { anomalies: number }[] };
      return data[0]?.anomalies ?? 0;
    };
    await eventually(async () => {
      const { data } = (await getJson(`${url}/api/v1/projects`)) as { data: unknown[] };
      return data.length === 3 ? true : undefined;
    });
    site.use(1.5);
    const rows = await eventually(async () => {
      const found = await read();
      return found.length > 0 ? found : undefined;
    });
    expect(rows).toMatchObject([
      {
        site: 'site-a',
        project_id: '123HerOSP',
        project_name: 'HerOSP',
        resource: 'vcpu',
        amount: 1.5,
        unit: 'vCPU-hours',
      },
    ]);

    // The new exporter's memory total is 1024 times as large. The portal must not count this jump as usage, nor count
    // other usage twice.
    site.useByNewExporter(1.5);
    await eventually(async () => ((await anomalies()) > 0 ? true : undefined));
    expect(await read()).toEqual(rows);
    site.useByNewExporter(2.25);
    await eventually(async () => ((await read())[0]?.amount === 2.25 ? true : undefined));
    expect((await read()).map(({ resource, amount }) => [resource, amount])).toEqual([['vcpu', 2.25]]);
  });

  it("gives the portal's Prometheus its usage series only", async () => {
    const folder = temporaryFolder();
    const site = await startEarlierSite(folder);
    writeFileSync(
      join(folder, 'portal.toml'),
      `[[site]]\nname = "site-a"\nurl = "${site.gateUrl}"\ntoken_file = "site-a.token"\ninterval_seconds = 1\nlabels = { location_id = "8487" }\n`,
    );
    const rendered = await runStackmeter(['portal', 'prometheus-config', '--config', 'portal.toml'], {
      cwd: folder,
    });
    const portal = await startPrometheus(prometheus, join(folder, 'portal'), rendered.output);
    await queryEventually(portal, 'project_vcpu_usage');
    const found = await portal.query(
      'count by (__name__, job, location, location_id) ({__name__!~"up|scrape_.*",job=~"project_usages|site/.*"})',
    );
    const three = (name: string) => ({
      metric: { __name__: name, job: 'project_usages', location: 'site-a', location_id: '8487' },
      value: 3,
    });
    expect(found).toEqual([three('project_mb_usage'), three('project_vcpu_usage')]);
  });
});
