// Starts the site's stack with a real engine, on a copy of this folder, beside a simulated OpenStack: what is missing is asked for, the
// usage goes through the gate and nothing else does, and HAProxy takes the gate's place. Takes everything down again.
//
//   node test/compose/site.mjs            with docker compose (v2)
//   node test/compose/site.mjs v1         with docker-compose 1.29
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { composeOf, docker, during, read, root, run, say, see } from './stack.mjs';

const ports = { GATE_PORT: '18443', EXPORTER_PORT: '18080', PROMETHEUS_PORT: '19090' };
const USAGE = 'match[]={job="project_usages",__name__=~"project_.*_usage"}';
const token = randomBytes(32).toString('hex');
const folder = mkdtempSync(join(tmpdir(), 'stackmeter-site-'));
const files = ['-p', 'stackmeter-test-site', '-f', 'docker-compose.site.yml'];
const compose = composeOf(folder, files, ports);
const withHaproxy = composeOf(folder, [...files, '-f', 'docker-compose.site.haproxy.yml'], ports);

run('git', ['clone', '--quiet', root, folder], { cwd: root });
try {
  refusesWithout('credentials', /usage-openrc|PORTAL_AUTH_TOKEN/);
  writeFileSync(join(folder, 'usage-openrc'), 'OS_AUTH_URL=http://simulated:5000/v3\n');
  refusesWithout('a token', /openssl rand -hex 32/);
  writeFileSync(join(folder, '.env'), `PORTAL_AUTH_TOKEN=${token}\nUSAGE_EXPORTER_UPDATE_INTERVAL=5\n`);
  makeCertificate();
  await during(withHaproxy, besideACloud);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function refusesWithout(what, says) {
  const command = process.argv[2] === 'v1' ? 'docker-compose' : 'docker compose';
  const words = `${command} ${files.join(' ')} config --quiet 2>&1; true`;
  const message = run('/bin/sh', ['-c', words], {
    cwd: folder,
    env: { ...process.env, PORTAL_AUTH_TOKEN: '' },
  });
  if (!says.test(message)) throw new Error(`started without ${what}: ${message}`);
  say(`without ${what} it does not start, and says what to do`);
}

/** The cloud goes before the network that it is in. */
async function besideACloud() {
  try {
    await steps();
  } finally {
    docker('rm', '-f', 'stackmeter-test-simulated');
  }
}

async function steps() {
  compose('build');
  compose('up', '-d', 'site_prometheus');
  startCloud();
  compose('up', '-d');
  await see('the exporter shows values on port 8080', async () =>
    usageIn(await read('http://127.0.0.1:18080/metrics')),
  );
  await see('the gate gives them out', async () =>
    usageIn((await ask(`/federate?${encodeURI(USAGE)}`)).text),
  );
  await see('and nothing else', async () => (await ask('/api/v1/query?query=up')).status === 404);
  await see(
    'to nobody without the token',
    async () => (await ask(`/federate?${encodeURI(USAGE)}`, '')).status === 401,
  );
  compose('rm', '--stop', '--force', 'site_gate');
  withHaproxy('up', '-d');
  const asCurl = `/federate?match[]=${encodeURIComponent(USAGE.slice('match[]='.length)).replace('*', '%2A')}`;
  await see('HAProxy in its place gives them out', async () => usageIn((await ask(asCurl)).text));
  await see('and nothing else, either', async () => (await ask('/api/v1/query?query=up')).status === 404);
}

/** It stands where the site's containers reach it, and says with which credentials. */
function startCloud() {
  const place = '--network stackmeter-test-site_site --network-alias simulated';
  const cloud = 'stackmeter simulate --listen 0.0.0.0:5000 --start 2026-01-01';
  docker(...`run --detach --name stackmeter-test-simulated ${place} ${cloud}`.split(' '));
  const said = run('/bin/sh', ['-c', 'sleep 5; docker logs stackmeter-test-simulated 2>&1'], { cwd: folder });
  const openrc = said.split('\n').filter((line) => line.startsWith('OS_'));
  writeFileSync(
    join(folder, 'usage-openrc'),
    openrc.join('\n').replace(/OS_AUTH_URL=.*/, 'OS_AUTH_URL=http://simulated:5000/v3'),
  );
}

function makeCertificate() {
  mkdirSync(join(folder, 'tls'));
  const words =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost';
  const names = ['-addext', 'subjectAltName=DNS:localhost', '-keyout', 'gate.key', '-out', 'gate.crt'];
  run('openssl', [...words.split(' '), ...names], { cwd: join(folder, 'tls'), stdio: 'ignore' });
  run('/bin/sh', ['-c', 'cat gate.crt gate.key > haproxy.pem; chmod 644 *'], { cwd: join(folder, 'tls') });
}

function ask(path, bearer = token) {
  const options = {
    host: '127.0.0.1',
    servername: 'localhost',
    port: 18443,
    path,
    timeout: 5000,
    ca: readFileSync(join(folder, 'tls', 'gate.crt')),
    headers: { authorization: `Bearer ${bearer}`, connection: 'close' },
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

function usageIn(text) {
  return /^project_vcpu_usage\{.* [1-9]/m.test(text);
}
