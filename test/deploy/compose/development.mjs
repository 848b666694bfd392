// Starts the development stack with a real engine and follows one project's usage through exporter, site Prometheus,
// gate, portal Prometheus, ledger, InfluxDB and VictoriaMetrics. Deletes the data of the portal Prometheus, which then
// reads them back remotely. Changes a source file, and expects the roles to restart. Restarts every container in turn.
// Removes the stack with its volumes at the end.
//
//   node test/deploy/compose/development.mjs            with docker compose (v2)
//   node test/deploy/compose/development.mjs v1         with docker-compose 1.29
import { readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import {
  billed,
  influxPoints,
  PROJECT,
  query,
  SERIES,
  servicesThatRun,
  settled,
  totalAt,
} from './follow.mjs';
import { unansweredQueries } from '../dashboard-queries.mjs';
import { composeOf, docker, during, root, say, see } from './stack.mjs';

const project = 'stackmeter-test';
const files = ['-f', 'docker-compose.portal.yml', '-f', 'dev/docker-compose.override.yml'];
const compose = composeOf(root, ['-p', project, ...files]);
const [EXPORTER, PORTAL] = [9101, 8000];
const VERIFY =
  'PGPASSWORD="$(cat /run/stackmeter/portal.password)" node_modules/.bin/tsx src/cli/main.ts portal ledger verify --config /etc/stackmeter/portal.toml';

await during(compose, async () => {
  compose('up', '-d', '--build');
  await usageArrives();
  everyPortIsOnLoopback();
  await readsBackFromInfluxdb();
  await restartsOnAChange();
  await losesNothingOverRestarts();
  compose('exec', '-T', 'portal', '/bin/sh', '-c', VERIFY);
  say('every meter agrees with its entries');
});

async function usageArrives() {
  const federated = `project_vcpu_usage{project_id="${PROJECT}",location="site-a",location_id="1"}`;
  await see('the exporter shows the usage', async () => (await totalAt(EXPORTER)) > 0);
  await see('the site Prometheus has it', async () => (await query(8081, SERIES)) > 0);
  await see('and reads its gate', async () => (await query(8081, 'up{job="stackmeter_gate"}')) === 1);
  await see(
    'the portal Prometheus federates it, as its site',
    async () => (await query(9090, federated)) > 0,
  );
  await see('both sites are up', async () => (await query(9090, 'count(up{job=~"site/.*"} == 1)')) === 2);
  await see('the ledger bills it', async () => (await billed(compose, PORTAL)) > 0);
  await see('VictoriaMetrics keeps it', async () => (await query(8428, SERIES)) > 0);
  await see('InfluxDB keeps it', async () => (await influxPoints(compose, 8086)) > 0);
  await see('every query of the dashboards has an answer', dashboardsAreAnswered);
}

/** The portal's Prometheus has no gates, a site's Prometheus has no sites. Coverage is known after an hour or two. */
async function dashboardsAreAnswered() {
  const read = (path) => JSON.parse(readFileSync(join(root, 'deploy/grafana/dashboards', path), 'utf8'));
  const [federation, ...ofSite] = ['portal/federation.json', 'site/site.json', 'site/project.json'].map(read);
  const view = { rangeSeconds: 120, stepSeconds: 15 };
  const left = [
    ...(await unansweredQueries('http://127.0.0.1:9090', [federation, ...ofSite], view)).filter(
      ({ expr }) => !/stackmeter_gate_|coverage_ratio/.test(expr),
    ),
    ...(await unansweredQueries('http://127.0.0.1:8081', ofSite, view)).filter(
      ({ panel }) => panel !== '$location',
    ),
  ];
  if (left.length > 0) throw new Error(JSON.stringify(left, null, 1));
  return true;
}

function everyPortIsOnLoopback() {
  const format = '{{.Names}} {{.Ports}}';
  const containers = docker(
    'ps',
    '--filter',
    `label=com.docker.compose.project=${project}`,
    '--format',
    format,
  )
    .trim()
    .split('\n');
  for (const container of containers) {
    const published = container.match(/\S+->/g) ?? [];
    if (published.length === 0 || published.some((port) => !port.startsWith('127.0.0.1:')))
      throw new Error(`without a port, or with a port beyond loopback: ${container}`);
  }
  say(`each of ${containers.length} services has a port, and all ports are on loopback`);
}

async function readsBackFromInfluxdb() {
  const oldest = Date.now() / 1000 - 5;
  await see(
    'InfluxDB keeps samples up to this time',
    async () => (await influxPoints(compose, 8086, oldest)) > 0,
  );
  compose('stop', 'portal_prometheus');
  compose('rm', '-f', 'portal_prometheus');
  docker('volume', 'rm', `${project}_portal_prometheus`);
  compose('up', '-d');
  await see(
    'Prometheus reads its lost data back from InfluxDB',
    async () => (await query(9090, SERIES, oldest)) > 0,
  );
}

async function restartsOnAChange() {
  const starts = (service) =>
    (compose('logs', '--no-color', service).match(/listens|listening|serving/g) ?? []).length;
  const roles = ['site-a_exporter', 'site-a_gate', 'portal'];
  const before = new Map(roles.map((role) => [role, starts(role)]));
  const now = new Date();
  utimesSync(join(root, 'src/runtime/http/listen.ts'), now, now);
  for (const role of roles) {
    await see(
      `${role} restarts after a change of a source file`,
      async () => starts(role) > before.get(role),
    );
  }
}

async function losesNothingOverRestarts() {
  for (const service of servicesThatRun(compose)) {
    const before = await settled(compose, EXPORTER, PORTAL);
    compose('restart', service);
    await see(`after a restart of ${service}, total and ledger continue`, async () => {
      const after = { total: await totalAt(EXPORTER), billed: await billed(compose, PORTAL) };
      return after.total > before.total && after.billed > before.billed && after.billed <= after.total;
    });
  }
}
