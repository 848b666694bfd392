// Where one project's usage is seen on its way: at the exporter, at a Prometheus, in the ledger, in InfluxDB.
import { json, read, untilTrue } from './stack.mjs';

/** metagenome-atlas of deploy/profiles/site-a.toml. */
export const PROJECT = '9e1c6f6a2d5b4f0c8f3d2a7b1c4e5f60';
export const SERIES = `project_vcpu_usage{project_id="${PROJECT}"}`;

/** vCPU-hours that the exporter says. */
export async function totalAt(exporterPort) {
  const text = await read(`http://127.0.0.1:${exporterPort}/metrics`);
  const line = text.split('\n').find((row) => row.startsWith('project_vcpu_usage{') && row.includes(PROJECT));
  return Number(line?.split(' ').at(-1));
}

/** The value that a Prometheus, or what speaks its API, has: of now, or of an instant. */
export async function query(port, selector, atSeconds) {
  const time = atSeconds === undefined ? '' : `&time=${atSeconds}`;
  const { data } = await json(
    `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(selector)}${time}`,
  );
  return Number(data.result[0]?.value[1]);
}

/** vCPU-hours in the ledger, of all sites. */
export async function billed(portalPort) {
  const day = 86_400_000;
  const [from, to] = [Date.now() - day, Date.now() + day].map((ms) =>
    new Date(ms).toISOString().slice(0, 10),
  );
  const { data } = await json(
    `http://127.0.0.1:${portalPort}/api/v1/usage?from=${from}&to=${to}&step=total&by=project,resource`,
  );
  return Number(data.find((row) => row.project_id === PROJECT && row.resource === 'vcpu')?.amount);
}

/** How many values InfluxDB has; `compose` is that of the stack, whose secrets know the password. */
export async function influxPoints(compose, port) {
  const password = compose('exec', '-T', 'portal', 'cat', '/run/stackmeter/influxdb.password').trim();
  const { results } = await json(
    `http://127.0.0.1:${port}/query?db=portal_prometheus&q=${encodeURIComponent('SELECT count(value) FROM project_vcpu_usage')}`,
    { authorization: `Basic ${Buffer.from(`prometheus:${password}`).toString('base64')}` },
  );
  return Number(results[0].series?.[0].values[0][1]);
}

/** What exporter and ledger say once both answer. */
export async function settled(exporterPort, portalPort) {
  const now = { total: Number.NaN, billed: Number.NaN };
  await untilTrue('exporter and portal answer', async () => {
    Object.assign(now, { total: await totalAt(exporterPort), billed: await billed(portalPort) });
    return now.total > 0 && now.billed > 0;
  });
  return now;
}

/** The services of a stack that have a container which stays. */
export function servicesThatRun(compose) {
  return compose('ps', '--services', '--filter', 'status=running').trim().split('\n').filter(Boolean);
}
