// Shared by the scripts of this folder, which start stacks with a real engine and test them from outside.
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';

export const root = fileURLToPath(new URL('../../..', import.meta.url));
let passed = 0;

/** A function that runs compose on a stack: `docker compose`, or docker-compose 1.29 with the argument `v1`. */
export function composeOf(folder, stack, env = {}) {
  const [program, ...first] = process.argv[2] === 'v1' ? ['docker-compose'] : ['docker', 'compose'];
  return (...words) =>
    run(program, [...first, ...stack, ...words], { cwd: folder, env: { ...process.env, ...env } });
}

/** A loopback port that is free now. */
export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export function docker(...words) {
  return run('docker', words, { cwd: root });
}

export function run(command, words, options) {
  const stdio = ['ignore', 'pipe', 'inherit'];
  return execFileSync(command, words, { encoding: 'utf8', stdio, maxBuffer: 2 ** 26, ...options });
}

/** Runs the steps, and removes the stack with its volumes. If a step fails, prints the logs of the services first. */
export async function during(compose, steps) {
  // The timer keeps Node.js running: the time limit of a fetch does not.
  const alive = setInterval(() => {}, 1000);
  try {
    await steps();
    process.stdout.write(`${passed} passed, 0 failed\n`);
  } catch (error) {
    process.stdout.write(compose('ps', '-a') + compose('logs', '--tail', '20'));
    throw error;
  } finally {
    clearInterval(alive);
    compose('down', '-v');
  }
}

export async function see(what, isTrue) {
  await untilTrue(what, isTrue);
  say(what);
}

/** Waits until `isTrue` resolves with true; fails after three minutes. */
export async function untilTrue(what, isTrue) {
  let failure;
  for (const end = Date.now() + 180_000; Date.now() < end; await sleep(1000)) {
    try {
      if (await isTrue()) return;
    } catch (error) {
      failure = error;
    }
  }
  throw new Error(`not within three minutes: ${what}`, { cause: failure });
}

export function say(what) {
  passed++;
  process.stdout.write(`ok  ${what}\n`);
}

export async function json(url, headers = {}) {
  return JSON.parse(await read(url, headers));
}

export async function read(url, headers = {}) {
  const answer = await fetch(url, { headers, signal: AbortSignal.timeout(5000) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${text.slice(0, 200)}`);
  return text;
}
