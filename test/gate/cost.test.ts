import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { hashToken } from '../../src/gate/tokens/tokens.ts';
import { costs } from '../attacks/costs.ts';
import { federate, get, plainText, startUpstream, USAGE } from './harness.ts';
import { startStackmeter, temporaryFolder } from '../support/processes.ts';

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

/** Sends honest requests one after the other; returns the time of the slowest. */
async function honestMs(port: number, requests: number): Promise<number> {
  let longest = 0;
  for (let count = 0; count < requests; count += 1) {
    const before = performance.now();
    const { status } = await get(`http://127.0.0.1:${port}${federate(USAGE)}`, {
      authorization: `Bearer ${HONEST}`,
    });
    expect(status).toBe(200);
    longest = Math.max(longest, performance.now() - before);
  }
  return longest;
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

/** Sends all requests at the same time, and repeats that beyond the requests that a minute allows. */
async function attack(port: number, requests: readonly string[], token: string): Promise<Set<number>> {
  const statuses = new Set<number>();
  for (let round = 0; round < 100; round += 1) {
    const answers = requests.map(async (bytes) => await statusOf(port, bytes.replace('{TOKEN}', token)));
    for (const status of await Promise.all(answers)) statuses.add(status);
  }
  return statuses;
}

/** The time of the slowest honest request beside an attack. */
async function honestBeside(port: number, hostile: Promise<unknown>): Promise<number> {
  const attacker = { ended: false };
  const end = hostile.finally(() => (attacker.ended = true));
  let longestMs = 0;
  while (!attacker.ended) longestMs = Math.max(longestMs, await honestMs(port, 1));
  await end;
  return longestMs;
}

it('a gate refuses costly requests as cheaply as others, and its memory stays small', async () => {
  const { running, port } = await startProcess();
  await honestMs(port, 70);
  const cheap = attack(
    port,
    costs.map(() => CHEAP),
    CLUMSY,
  );
  const usualMs = await honestBeside(port, cheap);
  expect(await cheap).toEqual(new Set([403, 429]));
  const costly = attack(
    port,
    costs.map(({ bytes }) => bytes),
    HOSTILE,
  );
  const longestMs = await honestBeside(port, costly);
  expect(await costly).toEqual(new Set([400, 403, 429]));
  expect(longestMs).toBeLessThan(Math.max(10 * usualMs, 500));
  const [, peakKb = ''] =
    /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${running.pid}/status`, 'utf8')) ?? [];
  expect(Number(peakKb) / 1024).toBeLessThan(MAX_MEMORY_MB);
});
