import type { CoverageRow, Page } from '../../src/portal/api/shapes/answers.ts';

/** A row of `/api/v1/usage`, as far as tests read it. */
export interface UsageAnswerRow {
  start: string;
  site: string;
  project_id: string;
  project_name: string;
  resource: string;
  amount: number;
  unit: string;
  coverage: string;
}

/** Usage from `fromMs` to `toMs` by site, project and resource, over all pages; one row for the whole time. */
export async function totalUsage(portalUrl: string, fromMs: number, toMs: number): Promise<UsageAnswerRow[]> {
  return await usageBy('total', portalUrl, fromMs, toMs);
}

/** As `totalUsage`, with one row for each day. */
export async function dailyUsage(portalUrl: string, fromMs: number, toMs: number): Promise<UsageAnswerRow[]> {
  return await usageBy('day', portalUrl, fromMs, toMs);
}

/** As `totalUsage`, with one row for each hour. */
export async function hourlyUsage(
  portalUrl: string,
  fromMs: number,
  toMs: number,
): Promise<UsageAnswerRow[]> {
  return await usageBy('hour', portalUrl, fromMs, toMs);
}

export interface ServerHoursRow extends UsageAnswerRow {
  flavor: { label: string; name: string; vcpus: number; memory_mb: number };
  state: string;
}

/** Server-hours from `fromMs` to `toMs` by site, project, flavor and state; one row for the whole time. */
export async function serverHours(
  portalUrl: string,
  fromMs: number,
  toMs: number,
): Promise<ServerHoursRow[]> {
  return await allRows<ServerHoursRow>(`${portalUrl}/api/v1/usage`, {
    ...interval(fromMs, toMs),
    step: 'total',
    by: 'site,project,flavor,state',
  });
}

async function usageBy(step: string, portalUrl: string, fromMs: number, toMs: number) {
  return await allRows<UsageAnswerRow>(`${portalUrl}/api/v1/usage`, {
    ...interval(fromMs, toMs),
    step,
    by: BY_METER,
  });
}

export async function coverage(portalUrl: string, fromMs: number, toMs: number): Promise<CoverageRow[]> {
  return await allRows(`${portalUrl}/api/v1/coverage`, interval(fromMs, toMs));
}

const BY_METER = 'site,project,resource';

function interval(fromMs: number, toMs: number) {
  return { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
}

async function allRows<T>(url: string, parameters: Record<string, string>): Promise<T[]> {
  const rows: T[] = [];
  for (let cursor: string | null | undefined; cursor !== null;) {
    const query = new URLSearchParams(cursor === undefined ? parameters : { ...parameters, cursor });
    const page = (await getJson(`${url}?${query.toString()}`)) as Page<T>;
    rows.push(...page.data);
    cursor = page.next;
  }
  return rows;
}

/** Reads an address. A token of the API may stand in it, as in `http://token:smt_…@127.0.0.1:8000`. */
export async function getJson(address: string): Promise<unknown> {
  const url = new URL(address);
  const headers = url.password === '' ? {} : { authorization: `Bearer ${url.password}` };
  url.username = url.password = '';
  const response = await fetch(url, { headers });
  if (!response.ok) throw new Error(`${url.href}: ${response.status} ${await response.text()}`);
  return await response.json();
}

/** The text of an answer. Of events, which do not end for a minute, it is the first part. */
export async function textOf(answer: Response): Promise<string> {
  if (answer.headers.get('content-type')?.startsWith('text/event-stream') !== true)
    return await answer.text();
  const reader = (answer.body ?? new ReadableStream<Uint8Array>()).getReader();
  const { value } = await reader.read();
  await reader.cancel();
  return Buffer.from(value ?? []).toString();
}
