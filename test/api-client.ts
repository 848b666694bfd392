/** What the tests ask a portal's API for. */
export interface UsageAnswerRow {
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
  const rows: UsageAnswerRow[] = [];
  let cursor: string | null = null;
  do {
    const parameters = new URLSearchParams({
      from: new Date(fromMs).toISOString(),
      to: new Date(toMs).toISOString(),
      step: 'total',
      by: 'site,project,resource',
      ...(cursor === null ? {} : { cursor }),
    });
    const page = (await getJson(`${portalUrl}/api/v1/usage?${parameters.toString()}`)) as {
      data: UsageAnswerRow[];
      next: string | null;
    };
    rows.push(...page.data);
    cursor = page.next;
  } while (cursor !== null);
  return rows;
}

export async function getJson(url: string): Promise<unknown> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return await response.json();
}
