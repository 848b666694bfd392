/**
 * Measures the gate and, if it is installed, HAProxy with deploy/haproxy/haproxy.cfg in one run: `npx tsx bench/gate.ts`.
 * Both serve TLS 1.3 with the same cipher and certificate on kept connections, in front of the same upstream, and log each
 * request. The gate runs compiled. The first ten answers come from a gate that has just started, later ones from a warm gate.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generate } from 'selfsigned';
import { startChild } from './child.ts';
import { find } from '../test/support/requirements.mjs';
import { compiled } from './compiled.ts';
import { record, spreadOf } from './figures.ts';
import type { UpstreamGreeting } from './gate-upstream-child.ts';
import { freePort, startServer, type MeasuredServer } from './measured-server.ts';

const TOKEN = 'swordfish-swordfish-swordfish-swordfish-swo';
const QUERY = 'match%5B%5D=%7Bjob%3D%22project_usages%22%2C__name__%3D~%22project_.%2A_usage%22%7D';
const DENIED_QUERY = 'match%5B%5D=%7Bjob%3D%22node%22%7D';
/** The servers take turns, so that other work of the machine affects all of them. */
const TURNS = 7;
const ROUNDS = { plain: 20, gzip: 200, opened: 10 };
const COLD_REQUESTS = 10;
const WARM_UP = { plain: 100, gzip: 3000, opened: 60 };
const DENIALS = 20_000;
const HAPROXY = 'HAProxy';
const SERIES = 20_000;
const LARGE_BYTES = [100_000_000, 400_000_000];
const CHECKED = 'gate, answers checked';
/** A checked answer beside HAProxy's: 10 and 15 ms of CPU, beside 3.4 and 0.2 ms when these goals were set. */
const MOST_TIMES: Readonly<Record<Coding, number>> = { plain: 2.94, gzip: 75 };

type Coding = 'plain' | 'gzip';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'stackmeter-bench-'));
const file = (name: string) => join(folder, name);
const running: MeasuredServer[] = [];

async function ask(server: MeasuredServer, query: string, coding: Coding, status: number): Promise<void> {
  const packed = coding === 'gzip' ? { 'accept-encoding': 'gzip' } : {};
  const headers = { authorization: `Bearer ${TOKEN}`, ...packed };
  const answered = await server.ask(`/federate?${query}`, headers);
  if (answered !== status) throw new Error(`${server.name} answers ${answered}`);
}

async function cpuOf(server: MeasuredServer, coding: Coding, rounds: number): Promise<number> {
  const before = server.cpuMs();
  for (let round = 0; round < rounds; round++) await ask(server, QUERY, coding, 200);
  return (server.cpuMs() - before) / rounds;
}

const kindOf = ({ name }: MeasuredServer, coding: Coding) => (name.includes('checked') ? 'opened' : coding);

/** The CPU time of an answer of each server, turn by turn. */
async function inTurn(coding: Coding): Promise<number[][]> {
  const found = running.map((): number[] => []);
  for (let turn = 0; turn < TURNS; turn++)
    for (const [index, server] of running.entries())
      found[index]?.push(await cpuOf(server, coding, ROUNDS[kindOf(server, coding)]));
  return found;
}

async function warmUp(coding: Coding): Promise<void> {
  for (const server of running) await cpuOf(server, coding, WARM_UP[kindOf(server, coding)]);
}

/** Hands the figures of gates beside HAProxy to `npm run bench`. `series` is the size of an answer. */
function recordTurns(coding: Coding, series: number, turns: readonly number[][]): void {
  const haproxy = turns[running.findIndex(({ name }) => name === HAPROXY)];
  for (const [index, { name }] of running.entries()) {
    if (name === HAPROXY) continue;
    const goal = name === CHECKED && series === SERIES && haproxy ? { goal: MOST_TIMES[coding] } : {};
    record({
      name: `${name}, 20,000 series, ${coding}`,
      unit: 'ms of CPU',
      values: turns[index] ?? [],
      peer: haproxy && { name: HAPROXY, values: haproxy },
      curve: { name: `${name}, ${coding}`, size: series, of: 'series in an answer' },
      ...goal,
    });
  }
}

/** Smaller answers cost so little that a turn has more of them. */
async function measureSmaller(): Promise<void> {
  for (const series of [SERIES / 100, SERIES / 10]) {
    await upstream.ask({ series });
    for (const coding of ['plain', 'gzip'] as const) recordTurns(coding, series, await inTurn(coding));
  }
  await upstream.ask({});
}

async function denials(server: MeasuredServer): Promise<number> {
  const deny = async (times: number) => {
    for (let count = 0; count < times; count++) await ask(server, DENIED_QUERY, 'plain', 403);
  };
  await deny(DENIALS / 2);
  const before = server.cpuMs();
  await Promise.all(Array.from({ length: 8 }, async () => await deny(DENIALS / 8)));
  return (DENIALS / (server.cpuMs() - before)) * 1000;
}

/** Memory before, and the peak after eight concurrent answers of each size. */
async function memory(server: MeasuredServer): Promise<string> {
  const figures = [server.memoryMb('VmRSS')];
  for (const largeBytes of LARGE_BYTES) {
    await upstream.ask({ largeBytes });
    await Promise.all(Array.from({ length: 8 }, async () => await ask(server, QUERY, 'plain', 200)));
    figures.push(server.memoryMb('VmHWM'));
  }
  await upstream.ask({});
  return `${figures.map((mb) => mb.toFixed(0)).join(' → ')} MB`;
}

async function writeFiles(): Promise<void> {
  const pems = await generate([{ name: 'commonName', value: 'localhost' }], { keyType: 'ec' });
  const hash = createHash('sha256').update(TOKEN).digest('hex');
  writeFileSync(file('cert.pem'), pems.cert);
  writeFileSync(file('key.pem'), pems.private);
  writeFileSync(file('both.pem'), `${pems.cert.trim()}\n${pems.private}`);
  writeFileSync(
    file('gate.toml'),
    `[[token]]\nname = "bench"\nhash = "sha256:${hash}"\nrequests_per_minute = 1000000\nconcurrency = 100\n`,
  );
  // On one core like the gate, and without the configuration's rate limit, which is made for one portal.
  const configuration = readFileSync(join(root, 'deploy/haproxy/haproxy.cfg'), 'utf8')
    .replace('gt 600', 'gt 1000000')
    .replace('maxconn 512\n    tune', 'maxconn 512\n    nbthread 1\n    tune');
  writeFileSync(file('haproxy.cfg'), configuration);
}

async function startGate(program: string, address: string, name: string, ...more: string[]): Promise<void> {
  const port = await freePort();
  const args = [program, 'gate', '--listen', `127.0.0.1:${port}`, '--prometheus', `http://${address}`];
  args.push(
    '--config',
    file('gate.toml'),
    '--tls-cert',
    file('cert.pem'),
    '--tls-key',
    file('key.pem'),
    ...more,
  );
  running.push(await startServer(name, process.execPath, args, port));
}

async function startHaproxy(address: string): Promise<void> {
  const port = await freePort();
  const env = {
    PORTAL_AUTH_TOKEN: TOKEN,
    GATE_LISTEN: `127.0.0.1:${port}`,
    GATE_CERTIFICATE: file('both.pem'),
    PROMETHEUS_ADDRESS: address,
  };
  running.push(await startServer(HAPROXY, 'haproxy', ['-db', '-f', file('haproxy.cfg')], port, env));
}

function printTable(head: readonly string[], rows: readonly string[][]): void {
  for (const row of [head, head.map(() => '---'), ...rows]) console.log(`| ${row.join(' | ')} |`);
}

const program = compiled('src/cli/main.ts');
const upstream = await startChild('bench/gate-upstream-child.ts');
try {
  const { port, plainBytes, gzipBytes } = upstream.greeting as UpstreamGreeting;
  const address = `127.0.0.1:${port}`;
  await writeFiles();
  await startGate(program, address, CHECKED);
  await startGate(program, address, 'gate, answers passed through', '--unsafe-unchecked-answers');
  if (find('haproxy') !== undefined) await startHaproxy(address);
  console.log(
    `20000 series: ${(plainBytes / 1e6).toFixed(1)} MB, ${(gzipBytes / 1e6).toFixed(2)} MB as gzip`,
  );
  const cold: number[] = [];
  for (const server of running) cold.push(await cpuOf(server, 'gzip', COLD_REQUESTS));
  await warmUp('plain');
  const plains = await inTurn('plain');
  await warmUp('gzip');
  const gzips = await inTurn('gzip');
  recordTurns('plain', SERIES, plains);
  recordTurns('gzip', SERIES, gzips);
  await measureSmaller();
  const rows: string[][] = [];
  const figure = (of: readonly number[] = []) => {
    const { median, least, greatest } = spreadOf(of);
    return `${median.toFixed(2)} ms (${least.toFixed(2)} to ${greatest.toFixed(2)})`;
  };
  for (const [index, server] of running.entries()) {
    const denied = await denials(server);
    const used = await memory(server);
    const costs = [figure(plains[index]), figure(gzips[index]), `${cold[index]?.toFixed(1)} ms`];
    rows.push([server.name, ...costs, used, denied.toFixed(0)]);
  }
  printTable(
    [
      '',
      'CPU, plain',
      'CPU, gzip',
      'the first ten, gzip',
      'memory, 8 × 100 MB, 8 × 400 MB',
      'denials a CPU second',
    ],
    rows,
  );
} finally {
  for (const server of running) await server.close();
  await upstream.close();
  rmSync(folder, { recursive: true, force: true });
}
