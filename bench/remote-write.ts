// Measures remote write of 10,000 samples a request, to the portal and to InfluxDB 1.6: `tsx bench/remote-write.ts`
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXPORTER_METRICS } from '../src/prometheus/usage-metrics.ts';
import { toSnappy } from '../src/prometheus/remote/snappy.ts';
import { systemClock } from '../src/runtime/clock.ts';
import { freePort, startProgram } from '../test/support/processes.ts';
import { encodeWriteRequest, writtenSeries } from '../test/portal/write-request.ts';
import { startChild } from './child.ts';

const REQUESTS = 30;
const SAMPLES = 10_000;
const TOKEN = 'bench-token-0123456789';
const folder = mkdtempSync(join(tmpdir(), 'stackmeter-bench-'));

/** One scrape of an exporter with 9,998 totals, starting with the project `first`. */
function requestAt(atMs: number, value: number, first: number): Buffer {
  const series = Array.from({ length: SAMPLES - 2 }, (_, index) =>
    writtenSeries(
      'project_vcpu_usage',
      {
        project_id: `${first + index}`.padStart(32, '0'),
        project_name: `project ${first + index}`,
        domain_id: 'default',
        domain_name: 'Default',
        instance: 'exporter:8080',
        job: 'project_usages',
      },
      value + index,
      atMs,
    ),
  );
  const facts = [
    writtenSeries(EXPORTER_METRICS.foldedUntil, { instance: 'exporter:8080' }, atMs / 1000 - 10, atMs),
    writtenSeries(EXPORTER_METRICS.epochInfo, { instance: 'exporter:8080', epoch: 'x' }, 1, atMs),
  ];
  return Buffer.from(toSnappy(encodeWriteRequest([...series, ...facts])));
}

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

function report(name: string, times: readonly number[]): void {
  const sorted = times.toSorted((one, other) => one - other);
  const at = (share: number) => (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(0);
  const total = times.reduce((sum, ms) => sum + ms, 0);
  const rate = Math.round((times.length * SAMPLES * 1000) / total);
  process.stdout.write(`${name}: median ${at(0.5)} ms, 90% ${at(0.9)} ms a request; ${rate} samples/s\n`);
}

async function benchPortal(name: string, bodies: readonly Buffer[]): Promise<void> {
  const data = join(folder, `portal of ${name}`);
  const portal = await startChild('bench/remote-write-portal-child.ts', [data, TOKEN]);
  const url = String(portal.greeting);
  const start = performance.now();
  report(`portal, ${name}, kept (answered)`, await send(`${url}/api/v1/write`, bodies));
  await untilFolded(url);
  const seconds = (performance.now() - start) / 1000;
  process.stdout.write(
    `portal, ${name}, kept and folded: ${Math.round((bodies.length * SAMPLES) / seconds)} samples/s\n`,
  );
  await portal.close();
}

async function untilFolded(url: string): Promise<void> {
  for (;;) {
    await systemClock.sleep(100);
    const text = await (await fetch(`${url}/metrics`)).text();
    if (/remote_write_waiting_samples 0$/m.test(text)) return;
  }
}

async function benchInflux(name: string, bodies: readonly Buffer[]): Promise<void> {
  const port = await freePort();
  const file = join(folder, `influxdb of ${name}.conf`);
  const data = join(folder, `influxdb of ${name}`);
  mkdirSync(data);
  writeFileSync(
    file,
    `reporting-disabled = true\nbind-address = "127.0.0.1:${await freePort()}"\n[meta]\ndir = "${data}/meta"\n[data]\ndir = "${data}/data"\nwal-dir = "${data}/wal"\nmax-values-per-tag = 0\n[http]\nbind-address = "127.0.0.1:${port}"\nlog-enabled = false\n`,
  );
  const running = startProgram('influxd', ['-config', file]);
  await running.waitFor(/Listening on HTTP/);
  const url = `http://127.0.0.1:${port}`;
  await fetch(`${url}/query?q=CREATE%20DATABASE%20usage`, { method: 'POST' });
  report(`InfluxDB, ${name}, kept (answered)`, await send(`${url}/api/v1/prom/write?db=usage`, bodies));
  await running.stop();
}

const now = Date.now() - REQUESTS * 30_000;
const requests = (firstOf: (index: number) => number) =>
  Array.from({ length: REQUESTS }, (_, index) => requestAt(now + index * 30_000, index, firstOf(index)));
const kinds = {
  'the same series in each request': requests(() => 0),
  'new series in each request': requests((index) => index * SAMPLES),
};
try {
  for (const [name, bodies] of Object.entries(kinds)) {
    await benchInflux(name, bodies);
    await benchPortal(name, bodies);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
