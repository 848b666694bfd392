// A site's stack like an operator's: a clone with certificate, token and credentials, and a simulated OpenStack.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { docker, root, run } from './stack.mjs';

/** The engine's address inside containers, at which containers of other stacks reach published ports. */
export function engineAddress() {
  const image =
    process.env.NODE_IMAGE ??
    run('sed', ['-n', 's/^FROM .{NODE_IMAGE:-\\(.*\\)}.*/\\1/p', 'Dockerfile'], { cwd: root }).trim();
  const hosts = docker('run', '--rm', '--add-host', 'engine:host-gateway', image, 'cat', '/etc/hosts');
  return /^(\S+)\s+engine$/m.exec(hosts)[1];
}

/** Makes a clone, calls `use` with its folder, and removes it. */
export async function inClone(name, use) {
  const folder = mkdtempSync(join(tmpdir(), `stackmeter-${name}-`));
  try {
    run('git', ['clone', '--quiet', root, folder], { cwd: root });
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function newToken() {
  return randomBytes(32).toString('hex');
}

/** Makes a self-signed certificate with the commands of docs/containers.md. */
export function makeCertificate(folder, addresses = ['127.0.0.1']) {
  const tls = join(folder, 'tls');
  const words =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=usage.site-a.example';
  const names = ['DNS:usage.site-a.example', ...addresses.map((address) => `IP:${address}`)].join();
  const files = ['-addext', `subjectAltName=${names}`, '-keyout', 'gate.key', '-out', 'gate.crt'];
  run('openssl', [...words.split(' '), ...files], { cwd: tls, stdio: 'ignore' });
  run('/bin/sh', ['-c', 'cat gate.crt gate.key > haproxy.pem; chmod 644 *'], { cwd: tls });
}

/** Starts a simulated cloud in the site's network and writes its openrc. Remove `container` before the network. */
export async function startCloud(container, network, folder) {
  const place = `--network ${network} --network-alias simulated`;
  const cloud = 'simulate --listen 0.0.0.0:5000 --start 2026-01-01 --profile deploy/profiles/site-a.toml';
  docker(...`run --detach --name ${container} ${place} stackmeter ${cloud}`.split(' '));
  const openrc = await linesOf(container);
  const reached = openrc.join('\n').replace(/OS_AUTH_URL=.*/, 'OS_AUTH_URL=http://simulated:5000/v3');
  writeFileSync(join(folder, 'usage-openrc'), `${reached}\n`);
}

async function linesOf(container) {
  for (let second = 0; second < 60; second++, await sleep(1000)) {
    const log = run('/bin/sh', ['-c', `docker logs ${container} 2>&1`], { cwd: root });
    const openrc = log.split('\n').filter((line) => line.startsWith('OS_'));
    if (openrc.length > 0) return openrc;
  }
  throw new Error('the simulated cloud does not print its credentials');
}

/** Sends a portal's request to a gate, whose certificate is `ca` itself; returns status and text. */
export function askGate({ ca, port, token, path }) {
  const options = {
    host: '127.0.0.1',
    port,
    path,
    timeout: 5000,
    ca,
    checkServerIdentity: () => undefined,
    headers: { authorization: `Bearer ${token}`, connection: 'close' },
  };
  return new Promise((resolve, reject) => {
    request(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode, text })).on('error', reject);
    })
      .on('error', reject)
      .end();
  });
}
