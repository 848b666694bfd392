// Starts a site's stack with a real engine beside a simulated OpenStack, first in an empty folder, then from a clone. Expects
// that the image, the compose file and credentials are all it needs, that the gate gives out only usage, also with a token and a certificate of the site, that exporter and gate also run
// with the site's existing Prometheus, and that HAProxy can take the gate's place. Removes everything at the end.
//
//   node test/deploy/compose/site.mjs            with docker compose (v2)
//   node test/deploy/compose/site.mjs v1         with docker-compose 1.29
import { X509Certificate } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { askGate, engineAddress, inClone, makeCertificate, newToken, startCloud } from './site-stack.mjs';
import { composeOf, docker, during, freePort, json, read, run, say, see } from './stack.mjs';

const ports = {
  GATE_PORT: await freePort(),
  EXPORTER_PORT: await freePort(),
  PROMETHEUS_PORT: await freePort(),
  GRAFANA_PORT: await freePort(),
};
const USAGE = 'match[]={job="project_usages",__name__=~"project_.*_usage"}';
const asUs = `/federate?${encodeURI(USAGE)}`;
const asCurl = `/federate?match[]=${encodeURIComponent(USAGE.slice('match[]='.length)).replace('*', '%2A')}`;
const project = 'stackmeter-test-site';
const cloud = `${project}-simulated`;
const theirs = `${project}-prometheus`;
const files = ['-p', project, '-f', 'docker-compose.site.yml'];
const token = newToken();

await inClone('site', async (folder) => {
  const compose = composeOf(folder, files, ports);
  const both = [...files, '-f', 'docker-compose.site.haproxy.yml'];
  const withToken = { ...ports, PORTAL_AUTH_TOKEN: token };
  const withHaproxy = composeOf(folder, both, withToken);
  refusesWithout(folder, 'credentials', /usage-openrc/);
  writeFileSync(join(folder, 'usage-openrc'), 'OS_AUTH_URL=http://simulated:5000/v3\n');
  // docker compose removes the volumes only of services whose profile it is told.
  const all = composeOf(folder, [...both, '--profile', 'grafana'], withToken);
  await during(all, async () => {
    try {
      await withCredentialsOnly(folder, compose);
      cpSync(join(folder, 'empty/usage-openrc'), join(folder, 'usage-openrc'));
      writeFileSync(join(folder, '.env'), `PORTAL_AUTH_TOKEN=${token}\nUSAGE_EXPORTER_UPDATE_INTERVAL=5\n`);
      makeCertificate(folder);
      await besideACloud(folder, compose);
      await withGrafana(composeOf(folder, [...files, '--profile', 'grafana'], ports));
      await withTheirPrometheus(folder, compose);
      await haproxyInItsPlace(folder, compose, withHaproxy);
    } finally {
      // Containers have to be removed before their network.
      docker('rm', '-f', cloud, theirs);
    }
  });
});

function refusesWithout(folder, what, says) {
  const command = process.argv[2] === 'v1' ? 'docker-compose' : 'docker compose';
  const words = `${command} ${files.join(' ')} up --detach --build 2>&1; true`;
  const env = { ...process.env, PORTAL_AUTH_TOKEN: '' };
  const message = run('/bin/sh', ['-c', words], { cwd: folder, env });
  if (!says.test(message)) throw new Error(`started without ${what}: ${message}`);
  say(`without ${what}, the stack does not start and says what to do`);
}

/**
 * The stack starts without a clone, and makes a token and a certificate itself. Nobody finds the token in a log.
 */
async function withCredentialsOnly(clone, fromClone) {
  fromClone('build');
  const folder = join(clone, 'empty');
  mkdirSync(folder);
  for (const file of ['docker-compose.site.yml', 'usage-openrc'])
    cpSync(join(clone, file), join(folder, file));
  const compose = composeOf(folder, files, ports);
  compose('up', '-d', 'prometheus');
  await startCloud(cloud, `${project}_usage_exporter`, folder);
  compose('up', '--detach');
  const logOf = (service) => compose('logs', '--no-color', service);
  const id = compose('ps', '-q', 'exporter').trim();
  const inNetwork = `{{(index .NetworkSettings.Networks "${project}_usage_exporter").IPAddress}}`;
  await see('with credentials only, the exporter shows values at its address in the network', async () =>
    seriesIn(await read(`http://${docker('inspect', '--format', inNetwork, id).trim()}:8080`)),
  );
  await see('and its log says that it is connected', async () =>
    logOf('exporter').includes('signed in to Keystone'),
  );
  const log = () => logOf('prometheus_proxy');
  await see('the log of the gate has the commands that show token and certificate', async () => {
    const shown = [...log().matchAll(/exec prometheus_proxy cat (\S+)/g)].map(([, file]) => file);
    const [made, ca] = shown.map((file) => compose('exec', '-T', 'prometheus_proxy', 'cat', file));
    const { status, text } = await askGate({ ca, port: ports.GATE_PORT, token: made.trim(), path: asUs });
    return status === 200 && seriesIn(text) && !log().includes(made.trim()) && isFingerprintOf(ca, log());
  });
}

function isFingerprintOf(certificate, log) {
  return log.includes(new X509Certificate(certificate).fingerprint256);
}

async function besideACloud(folder, compose) {
  compose('up', '--detach', '--build');
  await see('the exporter shows values on port 8080, at / as at /metrics', async () =>
    (
      await Promise.all(
        ['', 'metrics'].map((path) => read(`http://127.0.0.1:${ports.EXPORTER_PORT}/${path}`)),
      )
    ).every(usageIn),
  );
  await see('the gate gives them out', async () => usageIn((await ask(folder, asUs)).text));
  await see('and nothing else', async () => (await ask(folder, '/api/v1/query?query=up')).status === 404);
  await see('to nobody without the token', async () => (await ask(folder, asUs, '')).status === 401);
  await see(
    "the site's Prometheus sees exporter, gate and itself",
    async () =>
      (await targets(ports.PROMETHEUS_PORT)) === 'project_usages up, prometheus up, stackmeter_gate up',
  );
  await see('every service is healthy', async () => healthy(compose, 3));
}

async function withGrafana(withProfile) {
  withProfile('up', '--detach', '--build');
  await see('with its profile, Grafana answers, and has a password, data source and dashboards', async () => {
    await fetch(`http://127.0.0.1:${ports.GRAFANA_PORT}/api/health`, { signal: AbortSignal.timeout(5000) });
    const inGrafana = (...words) => withProfile('exec', '-T', 'grafana', ...words);
    const [password, dashboards, dataSource] = [
      inGrafana('cat', '/run/stackmeter/grafana.password'),
      inGrafana('ls', '/etc/stackmeter/grafana/dashboards/site'),
      inGrafana('cat', '/etc/stackmeter/grafana/provisioning/datasources/prometheus.yml'),
    ];
    return (
      /^\S{32,}$/.test(password.trim()) &&
      dashboards.trim().split(/\s+/).join(' ') === 'project.json site.json' &&
      dataSource.includes('$PROMETHEUS_URL')
    );
  });
  withProfile('rm', '--stop', '--force', 'grafana');
}

/** A site with its own Prometheus adds one job to it, and starts only exporter and gate. */
async function withTheirPrometheus(folder, compose) {
  compose('rm', '--stop', '--force', 'prometheus', 'prometheus_proxy');
  const configuration = join(folder, 'theirs.yml');
  writeFileSync(
    configuration,
    `scrape_configs:
  - job_name: project_usages
    scrape_interval: 5s
    static_configs:
      - targets: ['127.0.0.1:${ports.EXPORTER_PORT}']
`,
  );
  const port = await freePort();
  const address = `${engineAddress()}:${port}`;
  const image = 'prom/prometheus:v2.55.1';
  const mount = `${configuration}:/etc/prometheus/prometheus.yml:ro`;
  const start = ['run', '--detach', '--name', theirs, '--network', 'host', '--volume', mount, image];
  docker(
    ...start,
    '--config.file=/etc/prometheus/prometheus.yml',
    '--storage.tsdb.path=/prometheus',
    `--web.listen-address=${address}`,
  );
  const own = composeOf(folder, files, {
    ...ports,
    SITE_PROMETHEUS: `http://host.docker.internal:${port}`,
  });
  own('up', '--detach', '--build', 'exporter', 'prometheus_proxy');
  await see("with the site's own Prometheus, exporter and gate give out usage", async () =>
    usageIn((await ask(folder, asUs)).text),
  );
  await see('and only these two run', async () => healthy(compose, 2));
}

async function haproxyInItsPlace(folder, compose, withHaproxy) {
  compose('rm', '--stop', '--force', 'prometheus_proxy');
  withHaproxy('up', '--detach', '--build');
  await see("HAProxy in the gate's place gives out usage", async () =>
    usageIn((await ask(folder, asCurl)).text),
  );
  await see(
    'and nothing else, either',
    async () => (await ask(folder, '/api/v1/query?query=up')).status === 404,
  );
  await see(
    'and Prometheus misses no gate',
    async () => (await targets(ports.PROMETHEUS_PORT)) === 'project_usages up, prometheus up',
  );
}

function ask(folder, path, bearer = token) {
  return askGate({
    ca: readFileSync(join(folder, 'tls', 'gate.crt')),
    port: ports.GATE_PORT,
    token: bearer,
    path,
  });
}

/** The jobs of a Prometheus, each with the health of its one target. */
async function targets(port) {
  const { data } = await json(`http://127.0.0.1:${port}/api/v1/targets`);
  return data.activeTargets
    .map(({ scrapePool, health }) => `${scrapePool} ${health}`)
    .sort()
    .join(', ');
}

/** Whether exactly `count` containers of the stack run and all are healthy. */
function healthy(compose, count) {
  const ids = compose('ps', '-q').trim().split('\n');
  const format = '{{.State.Status}}{{with .State.Health}} {{.Status}}{{end}}';
  const states = docker('inspect', '--format', format, ...ids)
    .trim()
    .split('\n');
  // docker-compose 1.29 also lists containers that have done their work.
  return states.filter((state) => state !== 'exited').join() === Array(count).fill('running healthy').join();
}

/** Totals are zero before the second refresh. */
function seriesIn(text) {
  return text.includes('project_vcpu_usage{');
}

function usageIn(text) {
  return /^project_vcpu_usage\{.*\} (?!0(?: |$))/m.test(text);
}
