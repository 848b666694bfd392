// Starts the development stack with a real engine and follows one project's usage through it: exporter, site Prometheus, gate, portal
// Prometheus, ledger, InfluxDB, VictoriaMetrics; and back through remote read after Prometheus' own data was deleted. Restarts every
// container in turn. Takes the stack down again, volumes included.
//
//   node test/compose/development.mjs            with docker compose (v2)
//   node test/compose/development.mjs v1         with docker-compose 1.29
import { setTimeout as sleep } from 'node:timers/promises';
import { composeOf, docker, during, json, read, root, say, see, untilTrue } from './stack.mjs';

const compose = composeOf(root, [
  '-p',
  'stackmeter-test',
  '-f',
  'docker-compose.portal.yml',
  '-f',
  'dev/docker-compose.override.yml',
]);
const PROJECT = '9e1c6f6a2d5b4f0c8f3d2a7b1c4e5f60';
const SERIES = `project_vcpu_usage{project_id="${PROJECT}"}`;
const VERIFY =
  'PGPASSWORD="$(cat /run/stackmeter/portal.password)" node_modules/.bin/tsx src/cli/main.ts portal ledger verify --config /etc/stackmeter/portal.toml';
const start = new Date(Date.now() - 600_000);

await during(compose, steps);

async function steps() {
  compose('up', '-d', '--build');
  await see('the exporter shows the usage', async () => (await totalAt()) > 0);
  await see('the site Prometheus has it', async () => (await query(8081, SERIES)) > 0);
  await see(
    'the portal Prometheus federates it, as its site',
    async () =>
      (await query(9090, `project_vcpu_usage{project_id="${PROJECT}",location="site-a",location_id="1"}`)) >
      0,
  );
  await see('both sites are up', async () => (await query(9090, 'count(up{job=~"site/.*"} == 1)')) === 2);
  await see('the ledger bills it', async () => (await billed()) > 0);
  await see('VictoriaMetrics keeps it', async () => (await query(8428, SERIES)) > 0);
  await see('InfluxDB keeps it', async () => (await influxPoints()) > 0);

  const oldest = Date.now() / 1000 - 5;
  await sleep(15_000);
  compose('stop', 'portal_prometheus');
  compose('rm', '-f', 'portal_prometheus');
  docker('volume', 'rm', 'stackmeter-test_portal_prometheus');
  compose('up', '-d');
  await see(
    'what Prometheus lost it reads back from InfluxDB',
    async () => (await query(9090, SERIES, oldest)) > 0,
  );

  for (const service of servicesThatRun()) {
    const before = await settled();
    compose('restart', service);
    await see(`after a restart of ${service} the total goes on and the ledger with it`, async () => {
      const total = await totalAt();
      return total > before.total && (await billed()) > before.billed && (await billed()) <= total;
    });
  }
  compose('exec', '-T', 'portal', '/bin/sh', '-c', VERIFY);
  say('every meter agrees with its entries');
}

async function totalAt() {
  const text = await read('http://127.0.0.1:9101/metrics');
  const line = text.split('\n').find((row) => row.startsWith('project_vcpu_usage{') && row.includes(PROJECT));
  return Number(line?.split(' ').at(-1));
}

/** What the exporter and the ledger say once both answer. */
async function settled() {
  const now = { total: Number.NaN, billed: Number.NaN };
  await untilTrue('exporter and portal answer', async () => {
    Object.assign(now, { total: await totalAt(), billed: await billed() });
    return now.total > 0 && now.billed > 0;
  });
  return now;
}

async function query(port, selector, atSeconds) {
  const time = atSeconds === undefined ? '' : `&time=${atSeconds}`;
  const { data } = await json(
    `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(selector)}${time}`,
  );
  return Number(data.result[0]?.value[1]);
}

/** vCPU-hours of the project in the ledger. */
async function billed() {
  const to = new Date(Date.now() + 3_600_000).toISOString();
  const { data } = await json(
    `http://127.0.0.1:8000/api/v1/usage?from=${start.toISOString()}&to=${to}&step=total&by=project,resource`,
  );
  return Number(data.find((row) => row.project_id === PROJECT && row.resource === 'vcpu')?.amount);
}

async function influxPoints() {
  const password = compose('exec', '-T', 'portal', 'cat', '/run/stackmeter/influxdb.password').trim();
  const { results } = await json(
    `http://127.0.0.1:8086/query?db=portal_prometheus&q=${encodeURIComponent('SELECT count(value) FROM project_vcpu_usage')}`,
    { authorization: `Basic ${Buffer.from(`prometheus:${password}`).toString('base64')}` },
  );
  return Number(results[0].series?.[0].values[0][1]);
}

function servicesThatRun() {
  const once = new Set([
    'portal_secrets',
    'portal_prometheus_config',
    'portal_influxdb',
    'portal_victoriametrics',
  ]);
  return compose('config', '--services')
    .trim()
    .split('\n')
    .filter((service) => !once.has(service));
}
