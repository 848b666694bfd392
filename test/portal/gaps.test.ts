import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { EmbeddedDatabase } from '../../src/portal/database/embedded/embedded-database.ts';
import type { Page, UsageRow } from '../../src/portal/api/shapes/answers.ts';
import { openLedger } from '../../src/portal/ledger/store/open-ledger.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { closeServer, listen } from '../../src/runtime/http/listen.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { getJson } from '../support/api-client.ts';
import { describeWith } from '../support/describe-with.ts';
import { startPortalIn, stackmeter } from '../support/portal-under-test.ts';
import { eventually, temporaryFolder } from '../support/processes.ts';
import { startPrometheus } from '../support/prometheus-server.ts';
import { openDatabase } from '../../src/portal/database/database.ts';

const HOUR = 3_600_000;
const TOKEN = 'test-token-of-43-characters-0123456789abcdefg';
const LABELS = { project_id: 'p', project_name: 'one', domain_id: 'd', domain_name: 'D' };
const series = (labels: object) =>
  `project_vcpu_usage{${Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .join(',')}}`;

/** A project that the site deletes in the middle of an hour; the exporter does not show it from then on. */
const DELETED = { project_id: 'q', project_name: 'two', domain_id: 'd', domain_name: 'D' };
const DELETED_MINUTE = -150;

/** The deleted project used 3 vCPUs all the time. */
function deletedTotalAt(atMs: number, strokeMs: number): number {
  return 7 + (3 * (atMs - strokeMs + 4 * HOUR)) / HOUR;
}

/** The start of the present hour. The site uses 2 vCPUs until three hours before, then 1, then 5, then none. */
const stroke = () => Math.floor(Date.now() / HOUR) * HOUR;

function totalAt(atMs: number, strokeMs: number): number {
  const hours = (fromMs: number, toMs: number) => Math.max(0, Math.min(atMs, toMs) - fromMs) / HOUR;
  return (
    100 +
    2 * hours(strokeMs - 4 * HOUR, strokeMs - 3 * HOUR) +
    hours(strokeMs - 3 * HOUR, strokeMs - 2 * HOUR) +
    5 * hours(strokeMs - 2 * HOUR, strokeMs - HOUR)
  );
}

/** Starts a server that answers with the last total. */
async function startExporter(strokeMs: number): Promise<string> {
  const server = createServer((_request, response) => {
    response
      .writeHead(200, { 'content-type': 'text/plain; version=0.0.4' })
      .end(`${series(LABELS)} ${totalAt(strokeMs, strokeMs)}\n`);
  });
  onTestFinished(async () => await closeServer(server, 0));
  const { port } = await listen(server, { host: '127.0.0.1', port: 0 });
  return `127.0.0.1:${port}`;
}

/** Writes four hours of samples, one every half minute, into the folder of a Prometheus. */
function writePast(promtool: string, folder: string, strokeMs: number): void {
  mkdirSync(folder, { recursive: true });
  const lines = ['# TYPE project_vcpu_usage gauge'];
  const write = (labels: object, untilMs: number, totalOf: typeof totalAt) => {
    for (let atMs = strokeMs - 4 * HOUR; atMs <= untilMs; atMs += 30_000)
      lines.push(
        `${series({ ...labels, job: 'project_usages', instance: 'e' })} ${totalOf(atMs, strokeMs)} ${atMs / 1000}`,
      );
  };
  write(LABELS, Date.now() - 60_000, totalAt);
  write(DELETED, strokeMs + DELETED_MINUTE * 60_000, deletedTotalAt);
  const file = join(folder, 'past.txt');
  writeFileSync(file, `${lines.join('\n')}\n# EOF\n`);
  execFileSync(promtool, ['tsdb', 'create-blocks-from', 'openmetrics', file, join(folder, 'tsdb')]);
}

/** Makes a ledger with readings of the site at these instants and none later. */
async function writeLedger(folder: string, strokeMs: number, readAtMs: readonly number[]): Promise<void> {
  const database = new EmbeddedDatabase({ dataFolder: join(folder, 'data'), logger: silentLogger() });
  const connection = await database.start();
  const ledger = await openLedger({
    database: await openDatabase(connection, silentLogger()),
    clock: systemClock,
    logger: silentLogger(),
  });
  await ledger.declareSites([{ name: 'site-a', labels: {} }]);
  for (const atMs of readAtMs) {
    const common = { cloud: '', domainId: 'd', domainName: 'D', resource: 'vcpu', atMs, epoch: '' };
    const total = (hours: number) => BigInt(Math.round(hours * HOUR));
    const one = { ...common, projectId: 'p', projectName: 'one', total: total(totalAt(atMs, strokeMs)) };
    const two = {
      ...common,
      projectId: 'q',
      projectName: 'two',
      total: total(deletedTotalAt(atMs, strokeMs)),
    };
    const readings = atMs <= strokeMs + DELETED_MINUTE * 60_000 ? [one, two] : [one];
    await ledger.fold('site-a', { receivedAtMs: atMs, readings, refusals: [] });
  }
  await ledger.close();
  await database.close();
}

async function startGate(folder: string, source: readonly string[]): Promise<string> {
  writeFileSync(join(folder, 'gate.token'), `${TOKEN}\n`);
  const gate = stackmeter([
    'gate',
    '--listen',
    '127.0.0.1:0',
    '--token-file',
    join(folder, 'gate.token'),
    ...source,
  ]);
  const [, address] = await gate.waitFor(/gate listening on ([^"]+)"/);
  return `http://${address}`;
}

async function startPortal(folder: string, gateUrl: string): Promise<string> {
  const site = `[[site]]\nname = "site-a"\nurl = "${gateUrl}"\ntoken_file = "gate.token"\ninterval_seconds = 1\n`;
  writeFileSync(join(folder, 'portal.toml'), site);
  return (await startPortalIn(folder)).url;
}

/** Waits until all hours have this coverage; returns hour (relative to the start hour), amount and coverage. */
async function hoursOnce(
  url: string,
  strokeMs: number,
  wanted: string,
  projectId = 'p',
): Promise<(string | number)[][]> {
  const [from, to] = [strokeMs - 5 * HOUR, strokeMs + HOUR].map((ms) => new Date(ms).toISOString());
  return await eventually(async () => {
    const page = (await getJson(
      `${url}/api/v1/usage?from=${from}&to=${to}&step=hour&by=project,resource`,
    )) as Page<UsageRow>;
    const ofProject = (id: string) => page.data.filter(({ project_id }) => project_id === id);
    const rows = ofProject(projectId).map((row) => [
      (Date.parse(row.start) - strokeMs) / HOUR,
      Math.round(row.amount * 1e9) / 1e9,
      row.coverage,
    ]);
    return page.data.every(({ coverage }) => coverage === wanted) &&
      ofProject('p').reduce((sum, { amount }) => sum + amount, 0) > 6.3
      ? rows
      : undefined;
  });
}

const MEASURED = [
  [-4, 0.333333333, 'measured'],
  [-3, 1, 'measured'],
  [-2, 5, 'measured'],
];

describeWith(['prometheus', 'promtool'], 'usage in a gap', ({ prometheus, promtool }) => {
  const configuration = (exporter: string) => `
global: { scrape_interval: 1s }
scrape_configs:
  - job_name: project_usages
    static_configs: [{ targets: ['${exporter}'], labels: { instance: e } }]
`;

  async function portalThatHasRead(minutes: readonly number[], strokeMs: number): Promise<string> {
    const folder = temporaryFolder();
    const past = join(folder, 'site');
    writePast(promtool, past, strokeMs);
    const readAtMs = minutes.map((minute) => strokeMs + minute * 60_000);
    await writeLedger(folder, strokeMs, readAtMs);
    const site = await startPrometheus(prometheus, past, configuration(await startExporter(strokeMs)));
    return await startPortal(folder, await startGate(folder, ['--prometheus', site.url]));
  }

  it("is read from the site's Prometheus and folded in order, so that every hour is measured", async () => {
    const strokeMs = stroke();
    const url = await portalThatHasRead([-190], strokeMs);
    expect(await hoursOnce(url, strokeMs, 'measured')).toEqual(MEASURED);
  });

  it('replaces usage that is already spread over the gap', async () => {
    const strokeMs = stroke();
    const url = await portalThatHasRead([-190, -1], strokeMs);
    expect(await hoursOnce(url, strokeMs, 'measured')).toEqual(MEASURED);
  });

  it.each([[[-190]], [[-190, -1]]])(
    'includes the last total of a project that is deleted in the gap (read at minutes %j)',
    async (readAt) => {
      const strokeMs = stroke();
      const url = await portalThatHasRead(readAt, strokeMs);
      // 40 minutes of 3 vCPUs, from the last reading to the deletion.
      expect(await hoursOnce(url, strokeMs, 'measured', 'q')).toEqual([
        [-4, 0.5, 'measured'],
        [-3, 1.5, 'measured'],
      ]);
    },
  );
});

describe('usage in a gap behind a gate without history', () => {
  it('is spread over the gap, and its coverage is `spread`', async () => {
    const strokeMs = stroke();
    const folder = temporaryFolder();
    await writeLedger(folder, strokeMs, [strokeMs - 190 * 60_000]);
    const exporter = await startExporter(strokeMs);
    const url = await startPortal(folder, await startGate(folder, ['--exporter', `http://${exporter}`]));
    const rows = await hoursOnce(url, strokeMs, 'spread');
    expect(new Set(rows.map(([, , coverage]) => coverage))).toEqual(new Set(['spread']));
  });
});
