// Reads one project's usage at each place on its way: exporter, Prometheus, ledger, InfluxDB.
import { json, read, untilTrue } from './stack.mjs';

/** metagenome-atlas of deploy/profiles/site-a.toml. */
export const PROJECT = '9e1c6f6a2d5b4f0c8f3d2a7b1c4e5f60';
export const SERIES = `project_vcpu_usage{project_id="${PROJECT}"}`;

/** The exporter's total in vCPU-hours. */
export async function totalAt(exporterPort) {
  const text = await read(`http://127.0.0.1:${exporterPort}/metrics`);
  const line = text.split('\n').find((row) => row.startsWith('project_vcpu_usage{') && row.includes(PROJECT));
  return Number(line?.split(' ').at(-1));
}

/** The value of a selector now or at an instant, from a Prometheus or another program with its API. */
export async function query(port, selector, atSeconds) {
  const time = atSeconds === undefined ? '' : `&time=${atSeconds}`;
  const { data } = await json(
    `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(selector)}${time}`,
  );
  return Number(data.result[0]?.value[1]);
}

/** Headers of the first operator. `compose` reads the token from the data of the portal. */
export function asOperator(compose) {
  const token = compose('exec', '-T', 'portal', 'cat', '/var/lib/stackmeter/operator.token').trim();
  return { authorization: `Bearer ${token}` };
}

/** vCPU-hours in the ledger, over all sites. */
export async function billed(compose, portalPort) {
  const day = 86_400_000;
  const [from, to] = [Date.now() - day, Date.now() + day].map((ms) =>
    new Date(ms).toISOString().slice(0, 10),
  );
  const { data } = await json(
    `http://127.0.0.1:${portalPort}/api/v1/usage?from=${from}&to=${to}&step=total&by=project,resource`,
    asOperator(compose),
  );
  return Number(data.find((row) => row.project_id === PROJECT && row.resource === 'vcpu')?.amount);
}

/** The number of values in InfluxDB up to an instant. `compose` reads the password from the secrets of the stack. */
export async function influxPoints(compose, port, untilSeconds = Date.now() / 1000) {
  const password = compose('exec', '-T', 'portal', 'cat', '/run/stackmeter/influxdb.password').trim();
  const sql = `SELECT count(value) FROM project_vcpu_usage WHERE time <= ${Math.floor(untilSeconds)}s`;
  const { results } = await json(
    `http://127.0.0.1:${port}/query?db=portal_prometheus&q=${encodeURIComponent(sql)}`,
    { authorization: `Basic ${Buffer.from(`prometheus:${password}`).toString('base64')}` },
  );
  return Number(results[0].series?.[0].values[0][1]);
}

/** Waits until exporter and portal answer with usage; returns both amounts. */
export async function settled(compose, exporterPort, portalPort) {
  const now = { total: Number.NaN, billed: Number.NaN };
  await untilTrue('exporter and portal answer', async () => {
    Object.assign(now, { total: await totalAt(exporterPort), billed: await billed(compose, portalPort) });
    return now.total > 0 && now.billed > 0;
  });
  return now;
}

/** The services of a stack with a running container. */
export function servicesThatRun(compose) {
  return compose('ps', '--services', '--filter', 'status=running').trim().split('\n').filter(Boolean);
}
