import type { Page, ProjectRow, SiteRow } from '../../src/portal/api/shapes/answers.ts';
import { getJson } from '../support/api-client.ts';
import { runSql } from '../support/postgresql-server.ts';
import { eventually } from '../support/processes.ts';
import type { FastTime } from './fast-time.ts';
import type { ChaosFederation } from './federation.ts';
import type { Victim } from './victim.ts';

const MINUTE = 60_000;
/** Readings so far apart, and as much later as they may come, are measured. */
const STRIDE_MS = 10 * MINUTE;
/** Totals are stated up to an instant that lies so far behind, once an exporter has asked its cloud. */
const BEHIND_MS = 2 * MINUTE;

/** Of a portal that answers. */
export async function ask<T>({ urls }: ChaosFederation, path: string): Promise<T[]> {
  return await Promise.any(urls.map(async (url) => ((await getJson(`${url}${path}`)) as Page<T>).data));
}

/** Each of the sites is read up to an instant, but for what its exporter does not state yet. */
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

/** The Prometheus that the gate of site `b` reads has all up to an instant, as above. */
export async function scrapedUpTo({ history }: ChaosFederation, ms: number): Promise<void> {
  const query = 'stackmeter_exporter_folded_until_timestamp_seconds';
  const url = `http://127.0.0.1:${history.port}/api/v1/query?query=${query}`;
  await eventually(async () => {
    const { data } = (await getJson(url)) as { data: { result: { value: [number, string] }[] } };
    return Number(data.result[0]?.value[1]) * 1000 >= ms - BEHIND_MS ? true : undefined;
  });
}

/** Time goes on no faster than `reached` says that an instant was read, or scraped: what is used until then is measured. */
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

/** A project whose servers have ended leaves Keystone once the portal has read all of it: what was never shown nobody can count. */
export async function removeWhatWasRead(federation: ChaosFederation): Promise<void> {
  for (const [site, cloud] of Object.entries(federation.clouds)) {
    const { endedMs } = cloud;
    if (endedMs === undefined) continue;
    const rows = await ask<ProjectRow>(federation, `/api/v1/projects?site=${site}&search=ending`).catch(
      () => [],
    );
    if (rows.some(({ last_reading_at: last }) => Date.parse(last) >= endedMs)) cloud.remove();
  }
}

/** Nothing is read any more, and what was read and written is folded: a sweep that fails comes after the fold of the one before. */
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
