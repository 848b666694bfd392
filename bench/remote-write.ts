/**
 * Measures remote write of 10,000 samples a request: `tsx bench/remote-write.ts [known|new]`. Beside the portal there are
 * InfluxDB 1.6 and VictoriaMetrics, if they are installed. Each one's clock stops with its last answer, and the portal's
 * again when its API shows the sums. The first request, which opens a site with balances (rule A5), is not measured.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXPORTER_METRICS, usageMetricName } from '../src/prometheus/usage-metrics.ts';
import { toSnappy } from '../src/prometheus/remote/snappy.ts';
import { systemClock } from '../src/runtime/clock.ts';
import { getJson } from '../test/support/api-client.ts';
import { find } from '../test/support/requirements.mjs';
import { freePort, startProgram } from '../test/support/processes.ts';
import { encodeWriteRequest, writtenSeries } from '../test/portal/write-request.ts';
import { startChild } from './child.ts';
import { record } from './figures.ts';

type Kind = 'known' | 'new';
/** Known series: an hour for which a sender catches up. New series: as many as a site may have by default. */
const REQUESTS: Readonly<Record<Kind, number>> = { known: 120, new: 30 };
const SAMPLES = 10_000;
/** The portal shows all sums within this time, or the benchmark fails. */
const LONGEST_WAIT_MS = 300_000;
const TOKEN = 'bench-token-0123456789';
const folder = mkdtempSync(join(tmpdir(), 'stackmeter-bench-'));

/** The resources of each project. All series together have as many projects as a site may have by default. */
const RESOURCES = ['vcpu', 'mb', 'instance'];

/** One scrape of an exporter with 9,998 totals, of which `first` is the number of the first. */
function requestAt(atMs: number, value: number, first: number): Buffer {
  const series = Array.from({ length: SAMPLES - 2 }, (_, index) => {
    const project = `${Math.floor((first + index) / RESOURCES.length)}`;
    return writtenSeries(
      usageMetricName(RESOURCES[(first + index) % RESOURCES.length] ?? ''),
      {
        project_id: project.padStart(32, '0'),
        project_name: `project ${project}`,
        domain_id: 'default',
        domain_name: 'Default',
        instance: 'exporter:8080',
        job: 'project_usages',
      },
      value + index,
      atMs,
    );
  });
  const facts = [
    writtenSeries(EXPORTER_METRICS.foldedUntil, { instance: 'exporter:8080' }, atMs / 1000 - 10, atMs),
    writtenSeries(EXPORTER_METRICS.epochInfo, { instance: 'exporter:8080', epoch: 'x' }, 1, atMs),
  ];
  return Buffer.from(toSnappy(encodeWriteRequest([...series, ...facts])));
}

type Bodies = [Buffer, ...Buffer[]];

/** Sends the requests one after the other; returns the milliseconds of each. */
async function send(url: string, bodies: readonly Buffer[]): Promise<number[]> {
  const times: number[] = [];
  for (const body of bodies) {
    const start = performance.now();
    const headers = {
      authorization: `Bearer ${TOKEN}`,
      'content-type': 'application/x-protobuf',
      'content-encoding': 'snappy',
    };
    const response = await fetch(url, { method: 'POST', headers, body: new Uint8Array(body) });
    if (!response.ok) throw new Error(`${url} answers ${response.status}: ${await response.text()}`);
    times.push(performance.now() - start);
  }
  return times;
}

async function sendAfterFirst(url: string, [first, ...bodies]: Bodies): Promise<number[]> {
  await send(url, [first]);
  return await send(url, bodies);
}

const rateOf = (kind: Kind, totalMs: number) => Math.round(((REQUESTS[kind] - 1) * SAMPLES * 1000) / totalMs);

/** By program and kind of series: the samples a second. The portal's clock stops when its API shows the sums. */
const rates = new Map<string, number>();

function report(name: string, kind: Kind, times: readonly number[], shown?: number): void {
  const sorted = times.toSorted((one, other) => one - other);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const rate = rateOf(
    kind,
    times.reduce((sum, ms) => sum + ms, 0),
  );
  rates.set(`${name}, ${kind}`, shown ?? rate);
  process.stdout.write(`| ${name} | ${kind} | ${median.toFixed(0)} ms | ${rate} | ${shown ?? ''} |\n`);
}

async function benchPortal(kind: Kind): Promise<void> {
  const data = join(folder, `portal ${kind}`);
  const portal = await startChild('bench/remote-write-portal-child.ts', [data, TOKEN]);
  const url = String(portal.greeting);
  const [first, ...bodies] = kinds[kind]();
  await send(`${url}/api/v1/write`, [first]);
  await untilOpened(url);
  const start = performance.now();
  const times = await send(`${url}/api/v1/write`, bodies);
  await untilShown(url, kind);
  report('the portal', kind, times, rateOf(kind, performance.now() - start));
  recordRates(kind);
  await portal.close();
}

/** The goal beside each program, by kind of series. */
const LEAST: Record<Kind, number> = { known: 0.5, new: 1 };

function recordRates(kind: Kind): void {
  const rate = (name: string) => rates.get(`${name}, ${kind}`);
  for (const name of ['VictoriaMetrics', 'InfluxDB']) {
    const theirs = rate(name);
    if (theirs === undefined) continue;
    record({
      name: `remote write of ${kind} series`,
      unit: 'samples/s',
      values: [rate('the portal') ?? 0],
      peer: { name, values: [theirs] },
      ...(name === 'VictoriaMetrics' ? { goal: LEAST[kind] } : {}),
    });
  }
}

/** The usage of all requests, amount × hours: the first one of each known series is a balance. */
const usual = SAMPLES - 2;
const expectedHours: Record<Kind, number> = {
  known: (REQUESTS.known - 1) * usual,
  new: Array.from(
    { length: REQUESTS.new - 1 },
    (_, index) => (index + 1) * usual + (usual * (usual - 1)) / 2,
  ).reduce((sum, hours) => sum + hours),
};

/** Waits until the site has its first readings. Series that come in the same fold would open with balances too. */
async function untilOpened(url: string): Promise<void> {
  for (;;) {
    const { data } = (await getJson(`${url}/api/v1/sites`)) as { data: { last_reading_at: string | null }[] };
    if (data.some((site) => site.last_reading_at !== null)) return;
    await systemClock.sleep(50);
  }
}

async function untilShown(url: string, kind: Kind): Promise<void> {
  const hours = expectedHours[kind];
  const deadline = Date.now() + LONGEST_WAIT_MS;
  let amount = 0;
  while (Date.now() < deadline) {
    await systemClock.sleep(50);
    const text = await (await fetch(`${url}/metrics`)).text();
    if (!/remote_write_waiting_samples 0$/m.test(text)) continue;
    const wholeHour = (ms: number) => new Date(Math.floor(ms / 3_600_000) * 3_600_000).toISOString();
    const [from, to] = [wholeHour(startOf(kind) - 3_600_000), wholeHour(Date.now() + 3_600_000)];
    const question = `${url}/api/v1/usage?from=${from}&to=${to}&step=total&by=resource`;
    const { data } = (await getJson(question)) as { data: { amount: number }[] };
    amount = data.reduce((sum, row) => sum + row.amount, 0);
    if (Math.abs(amount - hours) <= hours * 1e-9) return;
    if (amount > hours) break;
  }
  throw new Error(`the portal has ${amount} hours of usage instead of ${hours}`);
}

async function benchInflux(kind: Kind): Promise<void> {
  const port = await freePort();
  const file = join(folder, `influxdb ${kind}.conf`);
  const data = join(folder, `influxdb ${kind}`);
  mkdirSync(data);
  writeFileSync(
    file,
    `reporting-disabled = true\nbind-address = "127.0.0.1:${await freePort()}"\n[meta]\ndir = "${data}/meta"\n[data]\ndir = "${data}/data"\nwal-dir = "${data}/wal"\nmax-values-per-tag = 0\n[coordinator]\nwrite-timeout = "2m"\n[http]\nbind-address = "127.0.0.1:${port}"\nlog-enabled = false\n`,
  );
  const running = startProgram('influxd', ['-config', file]);
  await running.waitFor(/Listening on HTTP/);
  const url = `http://127.0.0.1:${port}`;
  await fetch(`${url}/query?q=CREATE%20DATABASE%20usage`, { method: 'POST' });
  report('InfluxDB', kind, await sendAfterFirst(`${url}/api/v1/prom/write?db=usage`, kinds[kind]()));
  await running.stop();
}

async function benchVictoriaMetrics(kind: Kind, program: string): Promise<void> {
  const address = `127.0.0.1:${await freePort()}`;
  const data = join(folder, `victoria-metrics ${kind}`);
  const running = startProgram(program, [`-storageDataPath=${data}`, `-httpListenAddr=${address}`]);
  await running.waitFor(/started server at|started VictoriaMetrics/);
  report('VictoriaMetrics', kind, await sendAfterFirst(`http://${address}/api/v1/write`, kinds[kind]()));
  await running.stop();
}

const endMs = Date.now();
const startOf = (kind: Kind) => endMs - REQUESTS[kind] * 30_000;
const requests = (kind: Kind, firstOf: (index: number) => number) =>
  Array.from({ length: REQUESTS[kind] }, (_, index) =>
    requestAt(startOf(kind) + index * 30_000, index, firstOf(index)),
  ) as Bodies;
const kinds = {
  known: () => requests('known', () => 0),
  new: () => requests('new', (index) => index * SAMPLES),
};

const victoriaMetrics = find('victoria-metrics');
const asked = process.argv.slice(2) as Kind[];
process.stdout.write(
  '| program | series | a request, median | samples a second, answered | samples a second, shown |\n' +
    '| --- | --- | --- | --- | --- |\n',
);
try {
  for (const kind of asked.length > 0 ? asked : (['known', 'new'] as const)) {
    if (find('influxdb') !== undefined) await benchInflux(kind);
    if (victoriaMetrics !== undefined) await benchVictoriaMetrics(kind, victoriaMetrics);
    await benchPortal(kind);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
