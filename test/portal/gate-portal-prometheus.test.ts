import { expect, it } from 'vitest';
import { describeWith } from '../support/describe-with.ts';
import { plainText, startGate, startUpstream, TOKEN } from '../gate/harness.ts';
import { temporaryFolder } from '../support/processes.ts';
import { queryEventually, startPrometheus } from '../support/prometheus-server.ts';

describeWith(['prometheus'], "a portal's Prometheus that federates through a gate", ({ prometheus }) => {
  it('stores usage with the labels and the values of the site, and nothing else', async () => {
    const { url: exporter } = await startUpstream((_, response) => {
      response
        .writeHead(200, plainText)
        .end('project_mb_usage{project_name="Größe"} 1.5\noutside_secret 1\n');
    });
    const folder = temporaryFolder();
    const site = await startPrometheus(
      prometheus,
      `${folder}/site`,
      `global: { scrape_interval: 1s, external_labels: { site: here } }
scrape_configs:
  - { job_name: project_usages, static_configs: [{ targets: ['${exporter.host}'] }] }
`,
    );
    await queryEventually(site, 'project_mb_usage');
    const { gate } = await startGate({ source: { kind: 'prometheus', url: new URL(site.url) } });
    const portal = await startPrometheus(
      prometheus,
      `${folder}/portal`,
      `global: { scrape_interval: 1s }
scrape_configs:
  - job_name: federate
    metrics_path: /federate
    honor_labels: true
    params: { 'match[]': ['{job="project_usages",__name__=~"project_.*_usage"}'] }
    authorization: { credentials: '${TOKEN}' }
    static_configs: [{ targets: ['127.0.0.1:${gate.address.port}'] }]
`,
    );
    const stored = await queryEventually(portal, 'project_mb_usage');
    expect(stored).toEqual([
      {
        metric: {
          __name__: 'project_mb_usage',
          instance: exporter.host,
          job: 'project_usages',
          project_name: 'Größe',
          site: 'here',
        },
        value: 1.5,
      },
    ]);
    expect(await portal.query('outside_secret')).toEqual([]);
    const up = async () => (await portal.query('up{job="federate"}')).map(({ value }) => value);
    await expect.poll(up).toEqual([1]);
  });
});
