import type { Page, ProjectRow, SiteRow } from '../../src/portal/api/shapes/answers.ts';
import { getJson } from '../support/api-client.ts';
import { runSql } from '../support/postgresql-server.ts';
import { eventually } from '../support/processes.ts';
import type { FastTime } from './fast-time.ts';
import type { ChaosFederation } from './federation.ts';
import type { Victim } from './victim.ts';

const MINUTE = 60_000;
/** Readings this far apart are measured, even with their usual delay. */
const STRIDE_MS = 10 * MINUTE;
/** After a refresh, totals count up to an instant this far in the past. */
const BEHIND_MS = 2 * MINUTE;

/** The data of the first portal that answers. */
export async function ask<T>({ urls }: ChaosFederation, path: string): Promise<T[]> {
  return await Promise.any(urls.map(async (url) => ((await getJson(`${url}${path}`)) as Page<T>).data));
}

/** Waits until each site is read up to an instant, minus the usual delay of its exporter. */
export async function readUpTo(
  federation: ChaosFederation,
  sites: readonly string[],
  ms: number,
): Promise<void> {
  await eventually(async () => {
    const all = await ask<SiteRow>(federation, '/api/v1/sites');
    const lastOf = (name: string) => all.find((site) => site.name === name)?.last_reading_at ?? '';
    return sites.every((name) => Date.parse(lastOf(name)) >= ms - BEHIND_MS) ? true : undefined;
  });
}

/** Waits until the Prometheus behind the gate of site `b` has totals up to an instant, minus the same delay. */
export async function scrapedUpTo({ history }: ChaosFederation, ms: number): Promise<void> {
  const query = 'stackmeter_exporter_folded_until_timestamp_seconds';
  const url = `http://127.0.0.1:${history.port}/api/v1/query?query=${query}`;
  await eventually(async () => {
    const { data } = (await getJson(url)) as { data: { result: { value: [number, string] }[] } };
    return Number(data.result[0]?.value[1]) * 1000 >= ms - BEHIND_MS ? true : undefined;
  });
}

/** Moves time in strides and waits after each stride until `reached` resolves, so that all usage is measured. */
export async function walk(
  time: FastTime,
  toMs: number,
  reached: (ms: number) => Promise<unknown>,
): Promise<void> {
  for (let stopMs = time.nowMs(); stopMs < toMs;) {
    stopMs = Math.min(stopMs + STRIDE_MS, toMs);
    time.goOn(stopMs);
    await reached(stopMs);
  }
}

/** Removes a project without servers from Keystone once a portal has read its final total: later nobody could. */
export async function removeEndedProjects(federation: ChaosFederation): Promise<void> {
  for (const [site, cloud] of Object.entries(federation.clouds)) {
    const { endedMs } = cloud;
    if (endedMs === undefined) continue;
    const rows = await ask<ProjectRow>(federation, `/api/v1/projects?site=${site}&search=ending`).catch(
      () => [],
    );
    if (rows.some(({ last_reading_at: last }) => Date.parse(last) >= endedMs)) cloud.remove();
  }
}

/** Ends all reading, and waits until everything is folded: a failed sweep shows that the sweep before is folded. */
export async function settle(federation: ChaosFederation): Promise<void> {
  const { exporters, gates, prometheuses, connection } = federation;
  await endAll(exporters, prometheuses);
  await eventually(async () => {
    const rows = await runSql(connection, 'SELECT FROM remote_write.inbox LIMIT 1');
    return rows.length === 0 ? true : undefined;
  });
  await endAll(gates);
  await eventually(async () => {
    const sites = await ask<SiteRow>(federation, '/api/v1/sites');
    return sites.every(({ last_error: error }) => error !== null) ? true : undefined;
  });
}

async function endAll(...victims: Record<string, Victim>[]): Promise<void> {
  await Promise.all(victims.flatMap((some) => Object.values(some)).map(async (one) => await one.end()));
}
