import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { expect, it } from 'vitest';
import { DASHBOARDS } from '../../deploy/grafana/source/all.ts';
import { EXPORTER_METRICS } from '../../src/prometheus/usage-metrics.ts';
import { unansweredQueries, type Unanswered } from './dashboard-queries.mjs';
import { describeWith } from '../support/describe-with.ts';
import { startPortalIn, stackmeter } from '../support/portal-under-test.ts';
import { eventually, freePort, temporaryFolder } from '../support/processes.ts';
import { startPrometheus } from '../support/prometheus-server.ts';
import { remoteWrite, writtenSeries } from '../portal/write-request.ts';

const TOKEN = 'test-token-of-43-characters-0123456789abcdefg';
const VIEW = { rangeSeconds: 20, stepSeconds: 2 };
const HOUR = 3_600_000;

const PROFILE = `
[elixir]
domain_id = "elixir-id"
[[elixir.projects]]
project_id = "p"
project_name = "project"
[[elixir.projects.machines]]
cpus = 4
ram = 8
disk = 10
existence = 2026-01-01T00:00:00
`;

const SITE_PROMETHEUS = (exporter: string, gateMetrics: string) => `
global: { scrape_interval: 1s }
scrape_configs:
  - job_name: project_usages
    static_configs: [{ targets: ['${exporter}'] }]
  - job_name: stackmeter_gate
    static_configs: [{ targets: ['${gateMetrics}'] }]
`;

/** One site that the portal reads, and one site with a past that a sender writes. */
const PORTAL = (gate: string, portal: string) => `
[[site]]
name = "site-a"
url = "https://${gate}"
token_file = "test.token"
ca_file = "gate.crt"
interval_seconds = 1
[[sender]]
name = "sender"
token_file = "test.token"
site = "site-b"
[portal_prometheus]
portal_target = "${portal}"
`;

async function writeCertificate(folder: string): Promise<void> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'gate' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] },
    ],
  });
  writeFileSync(join(folder, 'gate.crt'), cert);
  writeFileSync(join(folder, 'gate.key'), key);
}

/** Writes a day of readings, one in ten minutes. */
async function writeTheDayBefore(portalUrl: string): Promise<void> {
  const labels = { instance: 'b' };
  const nowMs = Math.floor(Date.now() / 1000) * 1000;
  const series = Array.from({ length: 26 * 6 }, (_, i) => nowMs - (i + 1) * (HOUR / 6)).flatMap((atMs, i) => [
    writtenSeries('project_vcpu_usage', { ...labels, project_id: 'q', project_name: 'q' }, 1000 - i, atMs),
    writtenSeries(EXPORTER_METRICS.foldedUntil, labels, atMs / 1000, atMs),
    writtenSeries(EXPORTER_METRICS.epochInfo, { ...labels, epoch: 'x' }, 1, atMs),
  ]);
  expect(await remoteWrite(portalUrl, `Bearer ${TOKEN}`, series)).toEqual([204, '']);
}

/** Splits a command line into arguments. */
const words = (text: string) => text.trim().split(/\s+/);

describeWith(['prometheus'], 'the dashboards', ({ prometheus }) => {
  /** Starts an exporter, a Prometheus and a gate. */
  async function startSite(folder: string, gate: string): Promise<{ url: string }> {
    const [exporter, metrics] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
    writeFileSync(join(folder, 'profile.toml'), PROFILE);
    await writeCertificate(folder);
    stackmeter(
      words(`exporter --listen ${exporter} --state ${folder}/state.json --dummy-data ${folder}/profile.toml
        --start 2026-01-01 --interval 1 --settling-delay 1 --resources vcpu mb disk_gb instance gpu volume_gb`),
    );
    const server = await startPrometheus(prometheus, `${folder}/site`, SITE_PROMETHEUS(exporter, metrics));
    const running = stackmeter(
      words(`gate --listen ${gate} --metrics-listen ${metrics} --prometheus ${server.url}
        --token-file ${folder}/test.token --tls-cert ${folder}/gate.crt --tls-key ${folder}/gate.key`),
    );
    await running.waitFor(/listen(s|ing)/);
    return server;
  }

  /** Starts a portal, and a Prometheus with the rendered configuration and shorter intervals. */
  async function startPortalWithPrometheus(folder: string, gate: string): Promise<{ url: string }> {
    const listen = `127.0.0.1:${await freePort()}`;
    writeFileSync(join(folder, 'portal.toml'), PORTAL(gate, listen));
    const { url } = await startPortalIn(folder, listen);
    await writeTheDayBefore(url);
    const rendering = stackmeter(words(`portal prometheus-config --config ${folder}/portal.toml`));
    expect(await rendering.exited).toBe(0);
    const configuration = rendering.output().replaceAll(' 15s', ' 1s');
    return await startPrometheus(prometheus, `${folder}/portal`, configuration);
  }

  /** What stays unanswered, once nothing else does. */
  async function leftUnanswered(
    url: string,
    paths: readonly string[],
    allowed: (query: Unanswered) => boolean,
  ) {
    const dashboards = paths.map((path) => DASHBOARDS[path] ?? {});
    let found: Unanswered[] = [];
    return await eventually(async () => {
      found = await unansweredQueries(url, dashboards, VIEW);
      return found.every(allowed) ? found : undefined;
    }).catch(() => found);
  }

  it("get an answer to every query, from a portal's Prometheus and from a site's Prometheus", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'test.token'), `${TOKEN}\n`);
    const gate = `127.0.0.1:${await freePort()}`;
    const [site, portal] = await Promise.all([
      startSite(folder, gate),
      startPortalWithPrometheus(folder, gate),
    ]);
    // Only a site's own Prometheus has the metrics of its gate, and only a portal's Prometheus has locations.
    const atPortal = await leftUnanswered(portal.url, Object.keys(DASHBOARDS), ({ expr }) =>
      expr.includes('stackmeter_gate_'),
    );
    const atSite = await leftUnanswered(
      site.url,
      ['site/site.json', 'site/project.json'],
      ({ panel }) => panel === '$location',
    );
    expect(atPortal.map(({ panel, problem }) => [panel, problem])).toEqual([
      ['Decisions', 'no data'],
      ['Answers', 'no data'],
      ['Certificate expires in', 'no data'],
    ]);
    expect(atSite.map(({ panel, problem }) => [panel, problem])).toEqual([
      ['$location', 'no data'],
      ['$location', 'no data'],
    ]);
  });
});
