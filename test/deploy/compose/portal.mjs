// Starts the stacks of a site and of a portal with a real engine, like two organisations, and follows one project's
// usage from a simulated OpenStack to the portal's API, InfluxDB and VictoriaMetrics. Deletes the data of the portal
// Prometheus, which then reads them back remotely. Enrols a site. Restarts every container in turn. Then
// compares the ledger with the exporter's total, and this total with the project's true usage, to the millisecond.
// Removes everything at the end.
//
//   node test/deploy/compose/portal.mjs            with docker compose (v2)
//   node test/deploy/compose/portal.mjs v1         with docker-compose 1.29
import { chmodSync, chownSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  asOperator,
  billed,
  influxPoints,
  PROJECT,
  query,
  SERIES,
  servicesThatRun,
  settled,
  totalAt,
} from './follow.mjs';
import { engineAddress, inClone, makeCertificate, newToken, startCloud } from './site-stack.mjs';
import { composeOf, docker, during, freePort, json, read, run, say, see, untilTrue } from './stack.mjs';

const names = {
  site: 'stackmeter-test-portal-site',
  portal: 'stackmeter-test-portal',
  cloud: 'stackmeter-test-portal-cloud',
};
const ports = {
  gate: await freePort(),
  exporter: await freePort(),
  site: await freePort(),
  prometheus: await freePort(),
  portal: await freePort(),
  influxdb: await freePort(),
  victoriametrics: await freePort(),
  grafana: await freePort(),
};
const gate = `${engineAddress()}:${ports.gate}`;

await inClone('federation', async (folder) => {
  const site = composeOf(folder, ['-p', names.site, '-f', 'docker-compose.site.yml'], {
    GATE_PORT: gate,
    EXPORTER_PORT: ports.exporter,
    PROMETHEUS_PORT: ports.site,
  });
  const profiles = ['--profile', 'influxdb', '--profile', 'victoriametrics'];
  const portal = composeOf(folder, ['-p', names.portal, '-f', 'docker-compose.portal.yml', ...profiles], {
    PORTAL_PORT: ports.portal,
    PORTAL_PROMETHEUS_PORT: ports.prometheus,
    INFLUXDB_PORT: ports.influxdb,
    VICTORIAMETRICS_PORT: ports.victoriametrics,
    GRAFANA_PORT: ports.grafana,
  });
  writeConfiguration(folder);
  await during(site, async () => {
    try {
      await during(portal, async () => await steps(folder, site, portal));
    } finally {
      docker('rm', '-f', names.cloud);
    }
  });
});

/** Writes the token and the certificate that the two organisations exchange. */
function writeConfiguration(folder) {
  const token = newToken();
  writeFileSync(join(folder, 'usage-openrc'), '');
  writeFileSync(
    join(folder, '.env'),
    `PORTAL_AUTH_TOKEN=${token}\nUSAGE_EXPORTER_UPDATE_INTERVAL=5\nUSAGE_EXPORTER_START_DATE=2026-01-01\n`,
  );
  makeCertificate(folder, ['127.0.0.1', engineAddress()]);
  const portal = join(folder, 'portal');
  writeFileSync(join(portal, 'site-a.token'), token);
  closeToStrangers(join(portal, 'site-a.token'));
  copyFileSync(join(folder, 'tls/gate.crt'), join(portal, 'site-a.crt'));
  const example = readFileSync(join(folder, 'deploy/portal/portal.toml'), 'utf8');
  const both = example.replaceAll(
    /^# (?=\[\[portal_prometheus|write_url|read_url|username|password_file)/gm,
    '',
  );
  writeFileSync(
    join(portal, 'portal.toml'),
    both
      .replace('https://usage.site-a.example:8443', `https://${gate}`)
      .replace('sites = ["site-a"]', 'sites = ["site-a", "site-b"]'),
  );
}

/** Sets owner and mode as in docs/containers.md: the group is that of the image's user. */
function closeToStrangers(file) {
  chownSync(file, process.getuid(), 1000);
  chmodSync(file, 0o640);
}

async function steps(folder, site, portal) {
  site('build');
  site('up', '-d', 'prometheus');
  await startCloud(names.cloud, `${names.site}_usage_exporter`, folder);
  site('up', '--detach', '--build');
  portal('up', '--detach', '--build');
  await usageArrives(folder, portal);
  await readsBackFromInfluxdb(portal);
  await enrolsASite(folder, site, portal);
  for (const stack of [site, portal]) await losesNothingOverRestarts(stack, portal);
  await isExact(site, portal);
}

async function usageArrives(folder, portal) {
  await see('the exporter shows the usage', async () => (await totalAt(ports.exporter)) > 0);
  await see('the portal Prometheus federates it', async () => (await query(ports.prometheus, SERIES)) > 0);
  await see('its health check reports an unreadable token', () => reportsUnreadable(folder, portal));
  await see('the ledger bills it', async () => (await billed(portal, ports.portal)) > 0);
  await see('VictoriaMetrics keeps it', async () => (await query(ports.victoriametrics, SERIES)) > 0);
  await see('InfluxDB keeps it', async () => (await influxPoints(portal, ports.influxdb)) > 0);
}

async function reportsUnreadable(folder, portal) {
  const file = join(folder, 'portal/site-a.token');
  const [, check] = JSON.parse(
    docker(
      'inspect',
      '--format',
      '{{json .Config.Healthcheck.Test}}',
      portal('ps', '-q', 'portal_prometheus').trim(),
    ),
  );
  const healthy = () =>
    portal('exec', '-T', 'portal_prometheus', 'sh', '-c', `(${check}) || echo failed`).trim();
  if (healthy() !== '') return false;
  chmodSync(file, 0o600);
  const report = healthy();
  closeToStrangers(file);
  return report === 'cannot read /etc/stackmeter/site-a.token\nfailed';
}

async function readsBackFromInfluxdb(portal) {
  const oldest = Date.now() / 1000 - 5;
  await see(
    'InfluxDB keeps samples up to this time',
    async () => (await influxPoints(portal, ports.influxdb, oldest)) > 0,
  );
  portal('stop', 'portal_prometheus');
  portal('rm', '-f', 'portal_prometheus');
  docker('volume', 'rm', `${names.portal}_portal_prometheus`);
  portal('up', '--detach', '--build');
  await see(
    'Prometheus reads its lost data back from InfluxDB',
    async () => (await query(ports.prometheus, SERIES, oldest)) > 0,
  );
}

/** Enrols the gate again, as another site, with the commands of docs/containers.md. */
async function enrolsASite(folder, site, portal) {
  run('/bin/sh', ['-c', 'chown -R 1000:1000 portal && chmod 640 portal/portal.toml'], { cwd: folder });
  const inPortal = (...words) => {
    const place = ['-T', '--volume', `${folder}/portal:/portal`, 'portal'];
    return portal('run', '--rm', ...place, 'portal', ...words, '--config', '/portal/portal.toml').trim();
  };
  const gateFiles = ['--token-file', '/var/lib/stackmeter/gate.tokens', '--tls-cert', '/tls/gate.crt'];
  const inSite = ['-T', '--volume', `${folder}/tls:/tls:ro`, '--entrypoint', 'node dist/cli/main.js'];
  const invitation = inPortal('invite', 'site-b', '--as', 'portal.example.org');
  const accept = ['gate', 'accept', invitation, '--url', `https://${gate}`, ...gateFiles, '--yes'];
  const reply = site('run', '--rm', ...inSite, 'secrets', ...accept).trim();
  site('restart', 'prometheus_proxy');
  inPortal('enrol', reply, '--yes');
  portal('run', '--rm', 'portal_prometheus_config');
  portal('kill', '-s', 'HUP', 'portal', 'portal_prometheus');
  await see(
    'an enrolled site is federated after a reload',
    async () => (await query(ports.prometheus, 'up{job="site/site-b"}')) === 1,
  );
  await see('and read by the portal', async () => {
    const { data } = await json(`http://127.0.0.1:${ports.portal}/api/v1/sites`, asOperator(portal));
    return data.some(({ name, last_success }) => name === 'site-b' && last_success !== null);
  });
}

async function losesNothingOverRestarts(stack, portal) {
  for (const service of servicesThatRun(stack)) {
    const before = await settled(portal, ports.exporter, ports.portal);
    stack('restart', service);
    await see(`after a restart of ${service}, total and ledger continue`, async () => {
      const after = { total: await totalAt(ports.exporter), billed: await billed(portal, ports.portal) };
      return after.total > before.total && after.billed > before.billed;
    });
  }
}

/** The instant up to which `used` counts: the project has 4 vCPUs, and 16 more since 1 March at noon. */
function usedUntilMs(used) {
  return (used + 4 * Date.UTC(2026, 0, 1) + 16 * Date.UTC(2026, 2, 1, 12)) / 20;
}

async function isExact(site, portal) {
  const text = await read(`http://127.0.0.1:${ports.exporter}/metrics`);
  const seconds = /^stackmeter_exporter_folded_until_timestamp_seconds (.*)$/m.exec(text)[1];
  const total = text
    .split('\n')
    .find((line) => line.startsWith('project_vcpu_usage{') && line.includes(PROJECT));
  const used = Math.round(Number(total.split(' ').at(-1)) * 3_600_000);
  const untilMs = Math.round(Number(seconds) * 1000);
  if (usedUntilMs(used) !== untilMs) throw new Error(`until ${untilMs} the exporter counts ${used}`);
  say('the exporter has counted the true usage, to the millisecond');
  await untilTrue("the ledger has the exporter's total", async () => lastTotalOf(portal) >= used);
  site('stop', 'exporter');
  const last = lastTotalOf(portal);
  if (!Number.isInteger(usedUntilMs(last))) throw new Error(`the ledger ends with ${last}`);
  say('the ledger has counted the true usage, to the millisecond');
  const verify =
    'PGPASSWORD="$(cat /run/stackmeter/portal.password)" node dist/cli/main.js portal ledger verify --config /etc/stackmeter/portal.toml';
  portal('exec', '-T', 'portal', '/bin/sh', '-c', verify);
  say('every meter agrees with its entries');
}

function lastTotalOf(portal) {
  const sql = `SELECT last_total FROM ledger.meter JOIN ledger.project USING (site_id, project_id) JOIN ledger.site USING (site_id) JOIN ledger.resource USING (site_id, resource_id) WHERE key = '${PROJECT}' AND ledger.site.name = 'site-a' AND ledger.resource.name = 'vcpu'`;
  return Number(portal('exec', '-T', 'portal_postgres', 'psql', '-U', 'stackmeter', '-Atc', sql).trim());
}
