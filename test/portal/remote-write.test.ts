import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Page, SiteRow } from '../../src/portal/api/shapes/answers.ts';
import { EXPORTER_METRICS } from '../../src/prometheus/usage-metrics.ts';
import { getJson, totalUsage } from '../support/api-client.ts';
import { describeWith } from '../support/describe-with.ts';
import { startPortalIn, stackmeter, verifyLedgerIn } from '../support/portal-under-test.ts';
import { eventually, freePort, temporaryFolder } from '../support/processes.ts';
import { startPrometheus } from '../support/prometheus-server.ts';
import { remoteWrite, writtenSeries } from './write-request.ts';

const TOKEN = 'test-token-of-43-characters-0123456789abcdefg';
const BEARER = `Bearer ${TOKEN}`;

function folderWith(senders: string): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'sender.token'), `${TOKEN}\n`);
  writeFileSync(join(folder, 'portal.toml'), senders);
  return folder;
}

const ONE_SITE = '[[sender]]\nname = "one"\ntoken_file = "sender.token"\nsite = "site-a"\n';
const BY_LABEL =
  '[[sender]]\nname = "many"\ntoken_file = "sender.token"\nsite_label = "location"\nsites = ["site-a", "site-b"]\n';

async function sitesOf(url: string): Promise<SiteRow[]> {
  return ((await getJson(`${url}/api/v1/sites`)) as Page<SiteRow>).data;
}

/** The portal's own metrics about its sites. */
async function siteMetrics(url: string): Promise<string[]> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return [...text.matchAll(/^stackmeter_portal_(.*\{site=.*)$/gm)].map(([, line = '']) => line);
}

/** The number of samples that the portal has kept since its start. */
async function keptSamples(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^stackmeter_portal_remote_write_samples_total\{.*\} (\d+)$/m.exec(text)?.[1] ?? 0);
}

/** Amounts by site, project and resource. */
async function amountsOf(url: string): Promise<Record<string, number>> {
  const now = Date.now();
  const rows = await totalUsage(url, now - 48 * 3_600_000, now + 3_600_000);
  return Object.fromEntries(rows.map((row) => [`${row.site} ${row.project_id} ${row.resource}`, row.amount]));
}

describe('a portal that receives remote write', () => {
  const usage = (project: string, value: number, atMs: number, more: Record<string, string> = {}) =>
    writtenSeries('project_vcpu_usage', { project_id: project, instance: 'e', ...more }, value, atMs);
  const facts = (untilMs: number, atMs: number) => [
    writtenSeries(EXPORTER_METRICS.foldedUntil, { instance: 'e' }, untilMs / 1000, atMs),
    writtenSeries(EXPORTER_METRICS.epochInfo, { instance: 'e', epoch: 'x' }, 1, atMs),
  ];

  it('joins pieces by timestamp, also out of order, repeated and over a kill', async () => {
    const folder = folderWith(ONE_SITE);
    const first = await startPortalIn(folder);
    const [t1, t2, t3] = [-180_000, -120_000, -60_000].map(
      (ms) => Math.floor(Date.now() / 1000) * 1000 + ms,
    ) as [number, number, number];
    const write = async (url: string, series: Parameters<typeof remoteWrite>[2]) =>
      expect(await remoteWrite(url, BEARER, series)).toEqual([204, '']);
    await write(first.url, [usage('p', 10, t1), usage('q', 1, t1), ...facts(t1 - 10_000, t1)]);
    await write(first.url, [usage('p', 11, t2)]);
    await write(first.url, [usage('p', 13, t3), ...facts(t3 - 10_000, t3)]);
    await first.process.stop('SIGKILL');
    const second = await startPortalIn(folder);
    await write(second.url, facts(t2 - 10_000, t2));
    await write(second.url, [usage('p', 13, t3), usage('q', 5, t3)]);
    const amounts = await eventually(async () => {
      const found = await amountsOf(second.url);
      return found['site-a q vcpu'] === 4 && found['site-a p vcpu'] === 3 ? found : undefined;
    });
    expect(amounts).toEqual({ 'site-a p vcpu': 3, 'site-a q vcpu': 4 });
    const [site] = await sitesOf(second.url);
    expect([site?.first_reading_at, site?.last_reading_at, site?.anomalies]).toEqual([
      new Date(t1 - 10_000).toISOString(),
      new Date(t3 - 10_000).toISOString(),
      0,
    ]);
    const metrics = await eventually(async () => {
      const text = await (await fetch(`${second.url}/metrics`)).text();
      return text.includes('stackmeter_portal_remote_write_waiting_samples 0') ? text : undefined;
    });
    expect(metrics).toContain('stackmeter_portal_remote_write_requests_total{sender="one",status="204"} 2');
    expect(metrics).toContain('stackmeter_portal_ordinary_pause_seconds{site="site-a"} 900');
  });

  it('loses nothing of new series if it is killed (-9) right after its last answer', async () => {
    const folder = folderWith(ONE_SITE);
    const first = await startPortalIn(folder);
    const projects = Array.from({ length: 500 }, (_, index) => `p${index}`);
    for (const [hours, minutesAgo] of [3, 2, 1].entries()) {
      const atMs = Math.floor(Date.now() / 1000) * 1000 - minutesAgo * 60_000;
      const series = projects.map((project, index) => usage(project, index + hours, atMs));
      const answer = await remoteWrite(first.url, BEARER, [...series, ...facts(atMs - 10_000, atMs)]);
      expect(answer).toEqual([204, '']);
    }
    await first.process.stop('SIGKILL');
    const second = await startPortalIn(folder);
    const amounts = await eventually(async () => {
      const found = await amountsOf(second.url);
      return Object.values(found).reduce((sum, hours) => sum + hours, 0) >= 2 * projects.length
        ? found
        : undefined;
    });
    expect(amounts).toEqual(Object.fromEntries(projects.map((project) => [`site-a ${project} vcpu`, 2])));
  });

  it('has metrics about a site that it does not read itself, also after a restart', async () => {
    const folder = folderWith(ONE_SITE);
    const first = await startPortalIn(folder);
    const atMs = Math.floor(Date.now() / 1000) * 1000;
    await remoteWrite(first.url, BEARER, [usage('p', 10, atMs), ...facts(atMs - 10_000, atMs)]);
    await eventually(async () => (await sitesOf(first.url))[0]?.last_success_at ?? undefined);
    expect((await siteMetrics(first.url)).filter((line) => /^(sweeps|folded)/.test(line))).toEqual([
      'sweeps_total{site="site-a",result="success"} 1',
      'sweeps_total{site="site-a",result="failure"} 0',
      'sweeps_total{site="site-a",result="ledger_failure"} 0',
      'folded_readings_total{site="site-a"} 1',
    ]);
    await first.process.stop();
    const second = await startPortalIn(folder);
    const [status] = await sitesOf(second.url);
    const after = await eventually(async () => {
      const lines = await siteMetrics(second.url);
      return lines.length > 0 ? lines : undefined;
    });
    expect(after).toEqual([
      'sweeps_total{site="site-a",result="success"} 0',
      'sweeps_total{site="site-a",result="failure"} 0',
      'sweeps_total{site="site-a",result="ledger_failure"} 0',
      `last_success_timestamp_seconds{site="site-a"} ${Date.parse(status?.last_success_at ?? '') / 1000}`,
      `last_reading_timestamp_seconds{site="site-a"} ${atMs / 1000 - 10}`,
      'ordinary_pause_seconds{site="site-a"} 900',
      'folded_readings_total{site="site-a"} 0',
      'ignored_readings_total{site="site-a"} 0',
      'refused_series_total{site="site-a"} 0',
      'anomalies_total{site="site-a"} 0',
      'remote_write_set_aside_samples_total{site="site-a"} 0',
    ]);
  });

  it('takes the site from a label if the sender may write as that site, and names what it refuses', async () => {
    const { url } = await startPortalIn(folderWith(BY_LABEL));
    const now = Date.now();
    const basic = `Basic ${Buffer.from(`many:${TOKEN}`).toString('base64')}`;
    const answers = [
      await remoteWrite(url, basic, [
        usage('p', 1, now - 2000, { location: 'site-a' }),
        usage('p', 1, now - 2000, { location: 'site-b' }),
        writtenSeries('up', {}, 1, now),
      ]),
      await remoteWrite(url, BEARER, [
        usage('p', 3, now - 1000, { location: 'site-b' }),
        usage('p', 9, now - 1000, { location: 'site-c' }),
      ]),
      await remoteWrite(url, 'Bearer wrong', [usage('p', 4, now)]),
      await remoteWrite(url, `Basic ${Buffer.from(`other:${TOKEN}`).toString('base64')}`, [
        usage('p', 4, now),
      ]),
    ];
    expect(answers).toEqual([
      [204, ''],
      [400, '{"error":"1 samples are of \'site-c\', which many may not write to; the others are stored"}'],
      [401, '{"error":"no sender has this token"}'],
      [401, '{"error":"no sender has this token"}'],
    ]);
    const amounts = await eventually(async () => {
      const found = await amountsOf(url);
      return found['site-b p vcpu'] === undefined ? undefined : found;
    });
    expect(amounts).toEqual({ 'site-b p vcpu': 2 });
    expect((await sitesOf(url)).map(({ name, meters }) => [name, meters])).toEqual([
      ['site-a', 1],
      ['site-b', 1],
    ]);
  });

  it('answers 4xx to a request that is not remote write 1.0', async () => {
    const { url } = await startPortalIn(folderWith(ONE_SITE));
    const post = async (body: Buffer, headers: Record<string, string>) => {
      const response = await fetch(`${url}/api/v1/write`, {
        method: 'POST',
        headers: { authorization: BEARER, 'content-encoding': 'snappy', ...headers },
        body,
      });
      return response.status;
    };
    const protobuf = { 'content-type': 'application/x-protobuf' };
    const second = { 'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request' };
    expect([
      await post(Buffer.from('garbage'), protobuf),
      await post(Buffer.from([10, 0xfc, 0xfa, 0xff, 0xff, 0xff]), protobuf),
      await post(Buffer.alloc(0), second),
      await post(Buffer.from('{}'), { 'content-type': 'application/json' }),
      await post(Buffer.from('x'), { ...protobuf, 'content-encoding': 'identity' }),
    ]).toEqual([400, 400, 415, 415, 415]);
  });
});

describeWith(['prometheus'], 'a real Prometheus that writes to the portal', ({ prometheus }) => {
  const profile = `
[elixir]
domain_id = "elixir-id"
[[elixir.projects]]
project_id = "p"
project_name = "project"
[[elixir.projects.machines]]
cpus = 4
ram = 8
existence = 2026-01-01T00:00:00
`;

  async function startExporter(folder: string): Promise<string> {
    writeFileSync(join(folder, 'profile.toml'), profile);
    const listen = `127.0.0.1:${await freePort()}`;
    const exporter = stackmeter([
      'exporter',
      '--listen',
      listen,
      '--state',
      join(folder, 'state.json'),
      '--start',
      '2026-01-01',
      '--interval',
      '1',
      '--settling-delay',
      '1',
      '--dummy-data',
      join(folder, 'profile.toml'),
      '--server-hours',
    ]);
    onTestFinished(async () => void (await exporter.stop()));
    return listen;
  }

  const configuration = (exporter: string, portal: string, folder: string, replica: string) => `
global: { scrape_interval: 1s, external_labels: { replica: ${replica} } }
scrape_configs:
  - job_name: project_usages
    static_configs: [{ targets: ['${exporter}'] }]
remote_write:
  - url: ${portal}/api/v1/write
    authorization: { credentials_file: ${join(folder, 'sender.token')} }
    queue_config: { batch_send_deadline: 500ms, max_samples_per_send: 3, min_shards: 3, max_backoff: 1s }
`;

  it('loses and doubles nothing in an HA pair while the portal is killed (-9)', async () => {
    const folder = folderWith(ONE_SITE);
    const exporter = await startExporter(folder);
    const listen = `127.0.0.1:${await freePort()}`;
    let portal = await startPortalIn(folder, listen);
    const pair = await Promise.all(
      ['a', 'b'].map(
        async (replica) =>
          await startPrometheus(
            prometheus,
            join(folder, replica),
            configuration(exporter, portal.url, folder, replica),
          ),
      ),
    );
    // Each round kills the portal after a different number of scrapes.
    for (const samples of [50, 30, 40]) {
      await eventually(async () => ((await sitesOf(portal.url))[0]?.last_reading_at ? true : undefined));
      await eventually(async () => ((await keptSamples(portal.url)) >= samples ? true : undefined));
      await portal.process.stop('SIGKILL');
      portal = await startPortalIn(folder, listen);
    }
    const restarted = Date.now();
    const site = await eventually(async () => {
      const [found] = await sitesOf(portal.url);
      return Date.parse(found?.last_reading_at ?? '') > restarted ? found : undefined;
    });
    const sums = await Promise.all(
      pair.map(
        async (server) =>
          await server.query(
            'sum(prometheus_remote_storage_samples_failed_total) + sum(prometheus_remote_storage_samples_dropped_total) or vector(0)',
          ),
      ),
    );
    expect([site.anomalies, site.refused_series, sums.map(([sum]) => sum?.value)]).toEqual([0, 0, [0, 0]]);
    await portal.process.stop();
    const last = await startPortalIn(folder);
    // The portal still folds its inbox: amounts are final between two equal answers about the last reading.
    const { end, amounts } = await eventually(async () => {
      const [before] = await sitesOf(last.url);
      const between = await amountsOf(last.url);
      const [after] = await sitesOf(last.url);
      const isSettled = before?.last_reading_at === after?.last_reading_at;
      return isSettled ? { end: after, amounts: between } : undefined;
    });
    const hours =
      (Date.parse(end?.last_reading_at ?? '') - Date.parse(end?.first_reading_at ?? '')) / 3_600_000;
    expect(amounts['site-a p vcpu']).toBeCloseTo(4 * hours, 9);
    expect(amounts['site-a p server']).toBeCloseTo(hours, 9);
    await last.process.stop();
    expect(await verifyLedgerIn(folder)).toEqual([
      0,
      expect.stringContaining('every meter agrees with its entries'),
    ]);
  });
});
