import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { hashToken } from '../../src/gate/tokens/tokens.ts';
import { costs } from '../attacks/costs.ts';
import { federate, get, plainText, startUpstream, USAGE } from './harness.ts';
import { cpuMs, startStackmeter, temporaryFolder } from '../support/processes.ts';

const HONEST = 'swordfish-of-an-honest-portal-0123456789abc';
const HOSTILE = 'swordfish-of-a-hostile-portal-0123456789abc';
const CLUMSY = 'swordfish-of-a-clumsy-portal-00123456789abc';
/** A request that the gate refuses at once. */
const CHEAP =
  'GET /federate?match%5B%5D=up HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {TOKEN}\r\nconnection: close\r\n\r\n';
const MAX_MEMORY_MB = 300;

/** Starts a gate as a process, in front of an upstream that answers at once. */
async function startProcess() {
  const { url } = await startUpstream((_, response) => {
    response.writeHead(200, plainText).end('project_a_usage{job="project_usages"} 1\n');
  });
  const tokens = join(temporaryFolder(), 'tokens');
  const line = (name: string, token: string) => `${name} sha256:${hashToken(token).toString('hex')}\n`;
  writeFileSync(tokens, line('honest', HONEST) + line('hostile', HOSTILE) + line('clumsy', CLUMSY));
  const running = startStackmeter([
    'gate',
    '--listen',
    '127.0.0.1:0',
    '--prometheus',
    url.href,
    '--token-file',
    tokens,
  ]);
  onTestFinished(async () => void (await running.stop()));
  const [, port] = await running.waitFor(/gate listening on 127\.0\.0\.1:(\d+)/);
  return { running, port: Number(port) };
}

type GateProcess = Awaited<ReturnType<typeof startProcess>>;

/** Sends an honest request, which is answered in any case. */
async function askHonestly({ port }: GateProcess): Promise<void> {
  const { status } = await get(`http://127.0.0.1:${port}${federate(USAGE)}`, {
    authorization: `Bearer ${HONEST}`,
  });
  expect(status).toBe(200);
}

/** Sends bytes; resolves with the status of the answer, or with NaN without an answer. */
async function statusOf(port: number, bytes: string): Promise<number> {
  return await new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1])));
  });
}

/** Sends all requests at the same time; returns the statuses of the answers. */
async function sendAll({ port }: GateProcess, requests: readonly string[], token: string): Promise<number[]> {
  return await Promise.all(
    requests.map(async (bytes) => await statusOf(port, bytes.replace('{TOKEN}', token))),
  );
}

/** Sends all requests once; returns the CPU that they cost the gate. */
async function costOf(gate: GateProcess, requests: readonly string[], token: string): Promise<number> {
  const beforeMs = cpuMs(gate.running.pid);
  await sendAll(gate, requests, token);
  return cpuMs(gate.running.pid) - beforeMs;
}

/** Repeats all requests beyond those that a minute allows, beside honest ones; returns the statuses. */
async function attack(gate: GateProcess, requests: readonly string[], token: string): Promise<Set<number>> {
  const statuses = new Set<number>();
  for (let round = 0; round < 100; round += 1) {
    const [answers] = await Promise.all([sendAll(gate, requests, token), askHonestly(gate)]);
    for (const status of answers) statuses.add(status);
  }
  return statuses;
}

it('a gate refuses costly requests as cheaply as others, and its memory stays small', async () => {
  const gate = await startProcess();
  for (let count = 0; count < 70; count += 1) await askHonestly(gate);
  const cheap = costs.map(() => CHEAP);
  const costly = costs.map(({ bytes }) => bytes);
  const usualMs = await costOf(gate, cheap, CLUMSY);
  expect(await costOf(gate, costly, HOSTILE)).toBeLessThan(Math.max(10 * usualMs, 500));
  expect(await attack(gate, cheap, CLUMSY)).toEqual(new Set([403, 429]));
  expect(await attack(gate, costly, HOSTILE)).toEqual(new Set([400, 403, 429]));
  const [, peakKb = ''] =
    /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${gate.running.pid}/status`, 'utf8')) ?? [];
  expect(Number(peakKb) / 1024).toBeLessThan(MAX_MEMORY_MB);
});
