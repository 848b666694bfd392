// What the scripts of this folder share: they start stacks with a real engine and look at them from outside.
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';

export const root = fileURLToPath(new URL('../../..', import.meta.url));
let passed = 0;

/** Runs compose's words on a stack: with docker compose, or with docker-compose 1.29 where `v1` is the script's argument. */
export function composeOf(folder, stack, env = {}) {
  const [program, ...first] = process.argv[2] === 'v1' ? ['docker-compose'] : ['docker', 'compose'];
  return (...words) =>
    run(program, [...first, ...stack, ...words], { cwd: folder, env: { ...process.env, ...env } });
}

/** A port of loopback that is free now. */
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

/** Runs the steps and takes the stack down again, volumes included; shows what its services said where a step fails. */
export async function during(compose, steps) {
  // A fetch's own time limit does not keep Node.js from ending.
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

/** Ends with an error where it does not become true within three minutes. */
export async function untilTrue(what, isTrue) {
  let failure;
  for (const end = Date.now() + 180_000; Date.now() < end; await sleep(1000)) {
    try {
      if (await isTrue()) return;
    } catch (error) {
      failure = error;
    }
  }
  throw new Error(`not seen: ${what}`, { cause: failure });
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
