import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { getJson, serverHours, totalUsage } from '../support/api-client.ts';
import { describeWith } from '../support/describe-with.ts';
import { eventually, temporaryFolder } from '../support/processes.ts';
import { queryEventually, startPrometheus } from '../support/prometheus-server.ts';
import { startPortal, startSite } from '../support/site.ts';

const profile = (project: string) => `
[elixir]
domain_id = "elixir-id"
[[elixir.projects]]
project_id = "${project}-id"
project_name = "${project} \\"quoted\\" Größe"
[[elixir.projects.machines]]
cpus = 4
ram = 8
existence = 2026-01-01T00:00:00
`;

/** The configuration of a site's Prometheus, as in the site guide. */
const siteConfiguration = (exporterPort: number) => `
global: { scrape_interval: 1s }
scrape_configs:
  - job_name: project_usages
    static_configs: [{ targets: ['127.0.0.1:${exporterPort}'] }]
`;

/** The configuration of the earlier portal's Prometheus: a job, one selector and a token for each site. */
const earlierPortalConfiguration = (gates: { url: string; token: string; location: string }[]) => `
global: { scrape_interval: 1s }
scrape_configs:
${gates
  .map(
    ({ url, token, location }) => `
  - job_name: ${location}
    honor_labels: true
    metrics_path: /federate
    params:
      'match[]': ['{job="project_usages",__name__=~"project_.*_usage"}']
    bearer_token: ${token}
    static_configs:
      - targets: ['${url.replace('http://', '')}']
        labels: { location: ${location} }`,
  )
  .join('\n')}
`;

/** Refreshes every two seconds, so that a test sees usage grow. */
const exporterArgs = [
  '--start',
  '2026-01-01',
  '--interval',
  '2',
  '--settling-delay',
  '1',
  '--dummy-data',
  'profile.toml',
  '--server-hours',
];

describeWith(['prometheus'], 'a real Prometheus', ({ prometheus }) => {
  async function startSiteOf(project: string, withPrometheus: boolean, gate: readonly string[] = []) {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'profile.toml'), profile(project));
    return await startSite({
      folder,
      exporter: exporterArgs,
      gate,
      ...(withPrometheus
        ? {
            prometheusUrl: async (port: number) =>
              (await startPrometheus(prometheus, join(folder, 'site'), siteConfiguration(port))).url,
          }
        : {}),
    });
  }

  it('between exporter and gate does not change the usage that the portal counts', async () => {
    const folder = temporaryFolder();
    const site = await startSiteOf('alpha', true, ['--server-hours']);
    const { url } = await startPortal(folder, { 'site-a': site }, {}, 'server_hours = true\n');
    const fromMs = Math.floor(Date.now() / 3_600_000) * 3_600_000;
    const all = await eventually(async () => {
      const found = await totalUsage(url, fromMs, fromMs + 7_200_000);
      return found.some(({ amount }) => amount > 0) ? found : undefined;
    });
    const rows = all.filter(({ resource }) => resource === 'vcpu');
    const amountOf = (wanted: string) => all.find(({ resource }) => resource === wanted)?.amount;
    // The only server has four vCPUs.
    expect(amountOf('server')).toBeCloseTo((amountOf('vcpu') ?? 0) / 4, 9);
    const servers = await serverHours(url, fromMs, fromMs + 7_200_000);
    expect(servers.map(({ flavor, state }) => [flavor.vcpus, flavor.memory_mb, state])).toEqual([
      [4, 8192, 'active'],
    ]);
    expect(
      rows.map(({ site: name, project_id, project_name, unit }) => ({
        name,
        project_id,
        project_name,
        unit,
      })),
    ).toEqual([
      { name: 'site-a', project_id: 'alpha-id', project_name: 'alpha "quoted" Größe', unit: 'vCPU-hours' },
    ]);
    const sites = (await getJson(`${url}/api/v1/sites`)) as {
      data: { name: string; last_error: string | null }[];
    };
    expect(sites.data.map(({ name, last_error }) => ({ name, last_error }))).toEqual([
      { name: 'site-a', last_error: null },
    ]);
  });

  it("federates two gates with the earlier system's configuration", async () => {
    const withPrometheus = await startSiteOf('alpha', true);
    const without = await startSiteOf('beta', false);
    const portal = await startPrometheus(
      prometheus,
      join(temporaryFolder(), 'portal'),
      earlierPortalConfiguration([
        { url: withPrometheus.gateUrl, token: withPrometheus.token, location: 'site-a' },
        { url: without.gateUrl, token: without.token, location: 'site-b' },
      ]),
    );
    const locationsOf = async (query: string) =>
      (await queryEventually(portal, query)).map(({ metric }) => metric);
    const both = await eventually(async () => {
      const found = await locationsOf('sort_desc(project_vcpu_usage)');
      return found.length === 2 ? found : undefined;
    });
    const expected = (project: string, location: string, instance: string) => ({
      __name__: 'project_vcpu_usage',
      job: 'project_usages',
      instance,
      location,
      project_id: `${project}-id`,
      project_name: `${project} "quoted" Größe`,
      domain_id: 'elixir-id',
      domain_name: 'elixir',
    });
    expect(both.sort((a, b) => (a['location'] ?? '').localeCompare(b['location'] ?? ''))).toEqual([
      expected('alpha', 'site-a', `127.0.0.1:${withPrometheus.exporterPort}`),
      expected('beta', 'site-b', `127.0.0.1:${without.exporterPort}`),
    ]);
    const foreign = await portal.query('{__name__!~"project_.*_usage|up|scrape_.*",job!=""}');
    expect(foreign).toEqual([]);
    // Both exporters meter server hours, but no gate gives them out.
    expect(await portal.query('project_server_usage')).toEqual([]);
  });
});
