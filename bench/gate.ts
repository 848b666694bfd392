/**
 * What the gate costs, beside HAProxy with deploy/haproxy/haproxy.cfg in the same run: `npx tsx bench/gate.ts`.
 * Both serve TLS, with the same certificate, in front of the same upstream. CPU is that of their processes, from /proc.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSocket, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { generate } from 'selfsigned';
import { Pool } from 'undici';

const TOKEN = 'swordfish-swordfish-swordfish-swordfish-swo';
const QUERY = 'match%5B%5D=%7Bjob%3D%22project_usages%22%2C__name__%3D~%22project_.%2A_usage%22%7D';
const SERIES = 20_000;
/** Each in turn, so that what else the machine does falls upon all of them. */
const TURNS = 5;
const ROUNDS = 20;
/** Small bodies: the kernel counts in hundredths of a second. */
const GZIP_ROUNDS = 200;
const DENIALS = 20_000;
const LARGE_BYTES = 100_000_000;
const TICKS_PER_SECOND = 100;

const hex = (index: number) => index.toString(16).padStart(32, '7');
const lines = Array.from(
  { length: SERIES },
  (_, index) =>
    `project_mb_usage{domain_id="default",domain_name="Default",instance="127.0.0.1:8080",job="project_usages",project_id="${hex(index)}",project_name="project-${index}"} ${index * 1234.5} 1700000000000\n`,
);
const body = Buffer.from(`# TYPE project_mb_usage untyped\n${lines.join('')}`);
const packed = gzipSync(body, { level: 6 });
const piece = body.subarray(0, body.lastIndexOf(10, 1_000_000) + 1);
let large = false;

const upstream = createServer((request, response) => {
  const gzip = request.headers['accept-encoding'] === 'gzip' && !large;
  response.writeHead(200, {
    'content-type': 'text/plain; version=0.0.4; charset=utf-8',
    ...(gzip ? { 'content-encoding': 'gzip' } : {}),
  });
  if (!large) {
    response.end(gzip ? packed : body);
    return;
  }
  let left = Math.ceil(LARGE_BYTES / piece.length);
  const more = () => {
    let taken = true;
    while (taken && left-- > 0) taken = response.write(piece);
    if (taken) response.end();
    else response.once('drain', more);
  };
  more();
});

async function freePort(): Promise<number> {
  const server = createSocket();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

interface Measured {
  name: string;
  process: ChildProcess;
  pool: Pool;
}

function cpuMs({ process: { pid } }: Measured): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
}

function memoryMb({ process: { pid } }: Measured, field: 'VmHWM' | 'VmRSS'): number {
  const line = new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1]) / 1024;
}

async function ask({ pool }: Measured, query: string, gzip: boolean): Promise<number> {
  const headers = { authorization: `Bearer ${TOKEN}`, ...(gzip ? { 'accept-encoding': 'gzip' } : {}) };
  const answer = await pool.request({ method: 'GET', path: `/federate?${query}`, headers });
  for await (const chunk of answer.body) void chunk;
  return answer.statusCode;
}

const running: Measured[] = [];

async function bodies(measured: Measured, gzip: boolean): Promise<number> {
  const rounds = gzip && !measured.name.includes('checked') ? GZIP_ROUNDS : ROUNDS;
  for (let round = 0; round < 5; round++) await ask(measured, QUERY, gzip);
  const before = cpuMs(measured);
  for (let round = 0; round < rounds; round++)
    if ((await ask(measured, QUERY, gzip)) !== 200) throw new Error(`${measured.name} refuses`);
  return (cpuMs(measured) - before) / rounds;
}

/** The median of each. */
async function inTurn(measure: (measured: Measured) => Promise<number>): Promise<number[]> {
  const found = running.map((): number[] => []);
  for (let turn = 0; turn < TURNS; turn++)
    for (const [index, measured] of running.entries()) found[index]?.push(await measure(measured));
  return found.map((figures) => figures.sort((a, b) => a - b)[Math.floor(TURNS / 2)] ?? 0);
}

async function denials(measured: Measured): Promise<number> {
  const query = 'match%5B%5D=%7Bjob%3D%22node%22%7D';
  const deny = async (times: number) => {
    for (let count = 0; count < times; count++) await ask(measured, query, false);
  };
  await deny(500);
  const before = cpuMs(measured);
  await Promise.all(Array.from({ length: 8 }, async () => await deny(DENIALS / 8)));
  return (DENIALS / (cpuMs(measured) - before)) * 1000;
}

async function memory(measured: Measured): Promise<string> {
  large = true;
  const before = memoryMb(measured, 'VmRSS');
  await Promise.all(Array.from({ length: 8 }, async () => await ask(measured, QUERY, false)));
  large = false;
  return `${before.toFixed(0)} → ${memoryMb(measured, 'VmHWM').toFixed(0)} MB`;
}

async function start(
  name: string,
  program: string,
  args: string[],
  port: number,
  env: Record<string, string>,
): Promise<Measured> {
  const child = spawn(program, args, { stdio: 'ignore', env: { ...process.env, ...env } });
  const pool = new Pool(`https://127.0.0.1:${port}`, {
    connections: 8,
    connect: { rejectUnauthorized: false },
  });
  const measured = { name, process: child, pool };
  for (let attempt = 0; attempt < 100; attempt++) {
    const ready = await pool.request({ method: 'GET', path: '/healthz' }).then(
      async ({ body: text }) => (await text.text()).trim() === 'ok',
      () => false,
    );
    if (ready) return measured;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${name} does not start`);
}

const folder = mkdtempSync(join(tmpdir(), 'stackmeter-bench-'));
try {
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const address = `127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  const pems = await generate([{ name: 'commonName', value: 'localhost' }], { keyType: 'ec' });
  const file = (name: string) => join(folder, name);
  writeFileSync(file('cert.pem'), pems.cert);
  writeFileSync(file('key.pem'), pems.private);
  writeFileSync(file('both.pem'), `${pems.cert.trim()}\n${pems.private}`);
  const { createHash } = await import('node:crypto');
  const hash = createHash('sha256').update(TOKEN).digest('hex');
  writeFileSync(
    file('gate.toml'),
    `[[token]]\nname = "bench"\nhash = "sha256:${hash}"\nrequests_per_minute = 1000000\nconcurrency = 100\n`,
  );
  const root = fileURLToPath(new URL('..', import.meta.url));
  const gate = async (name: string, ...more: string[]) => {
    const port = await freePort();
    const args = ['--import', 'tsx', join(root, 'src/cli/main.ts'), 'gate', '--listen', `127.0.0.1:${port}`];
    args.push('--prometheus', `http://${address}`, '--config', file('gate.toml'));
    args.push('--tls-cert', file('cert.pem'), '--tls-key', file('key.pem'), ...more);
    running.push(await start(name, process.execPath, args, port, {}));
  };
  await gate('gate, answers checked');
  await gate('gate, answers passed through', '--unsafe-unchecked-answers');
  const port = await freePort();
  // Without the rate limit of the configuration, which is for one portal.
  const configuration = readFileSync(join(root, 'deploy/haproxy/haproxy.cfg'), 'utf8').replace(
    'gt 600',
    'gt 1000000',
  );
  writeFileSync(
    file('haproxy.cfg'),
    configuration.replace('maxconn 512\n    tune', 'maxconn 512\n    nbthread 1\n    tune'),
  );
  running.push(
    await start('HAProxy', 'haproxy', ['-db', '-f', file('haproxy.cfg')], port, {
      PORTAL_AUTH_TOKEN: TOKEN,
      GATE_LISTEN: `127.0.0.1:${port}`,
      GATE_CERTIFICATE: file('both.pem'),
      PROMETHEUS_ADDRESS: address,
    }),
  );
  console.log(
    `${SERIES} series: ${(body.length / 1e6).toFixed(1)} MB, ${(packed.length / 1e6).toFixed(2)} MB as gzip`,
  );
  console.log('| | CPU, plain | CPU, gzip | memory, 8 × 100 MB | denials a CPU second |');
  console.log('|---|---|---|---|---|');
  const plains = await inTurn(async (measured) => await bodies(measured, false));
  const gzips = await inTurn(async (measured) => await bodies(measured, true));
  for (const [index, measured] of running.entries()) {
    const [plain, gzip] = [plains[index] ?? 0, gzips[index] ?? 0];
    const denied = await denials(measured);
    const used = await memory(measured);
    console.log(
      `| ${measured.name} | ${plain.toFixed(1)} ms | ${gzip.toFixed(2)} ms | ${used} | ${denied.toFixed(0)} |`,
    );
  }
} finally {
  for (const { process: child, pool } of running) {
    child.kill();
    await pool.destroy();
  }
  upstream.closeAllConnections();
  upstream.close();
  rmSync(folder, { recursive: true, force: true });
}
