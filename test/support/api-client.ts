import type { CoverageRow, Page } from '../../src/portal/api/shapes/answers.ts';

/** What the tests ask a portal's API for. */
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

/** Every row of `/api/v1/usage` over all pages, from `fromMs` to `toMs`, by site, project and resource. */
export async function totalUsage(portalUrl: string, fromMs: number, toMs: number): Promise<UsageAnswerRow[]> {
  return await usageBy('total', portalUrl, fromMs, toMs);
}

/** The same day by day. */
export async function dailyUsage(portalUrl: string, fromMs: number, toMs: number): Promise<UsageAnswerRow[]> {
  return await usageBy('day', portalUrl, fromMs, toMs);
}

/** The same hour by hour. */
export async function hourlyUsage(
  portalUrl: string,
  fromMs: number,
  toMs: number,
): Promise<UsageAnswerRow[]> {
  return await usageBy('hour', portalUrl, fromMs, toMs);
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

/** The rows of all pages. */
async function allRows<T>(url: string, parameters: Record<string, string>): Promise<T[]> {
  const rows: T[] = [];
  for (let cursor: string | null | undefined; cursor !== null;) {
    const asked = new URLSearchParams(cursor === undefined ? parameters : { ...parameters, cursor });
    const page = (await getJson(`${url}?${asked.toString()}`)) as Page<T>;
    rows.push(...page.data);
    cursor = page.next;
  }
  return rows;
}

export async function getJson(url: string): Promise<unknown> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return await response.json();
}
