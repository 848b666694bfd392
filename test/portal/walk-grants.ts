import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { getJson } from '../support/api-client.ts';
import { runStackmeter } from '../support/processes.ts';
import type { Browser } from '../web/browser.ts';
import { expectNoBarriers, expectText, expectTexts } from '../web/expectations.ts';

/** An operator of the demo, with a browser and the commands. */
interface Operator {
  url: string;
  /** The address with a token. */
  api: string;
  page: Page;
  browser: Browser;
  /** Runs `stackmeter portal grants`; returns its output. */
  grants: (...args: string[]) => Promise<string>;
  /** Applies a CSV of grants. */
  apply: (csv: string) => Promise<string>;
}

/** Walks through grants in the demo whose data is in `folder`, as the operator who is signed in on the page. */
export async function walkGrants(
  { url, api, browser, page }: Pick<Operator, 'url' | 'api' | 'browser' | 'page'>,
  folder: string,
): Promise<void> {
  const grants: Operator['grants'] = async (...args) =>
    (await runStackmeter(['portal', 'grants', ...args, '--data', join(folder, 'portal')])).output;
  const apply = async (csv: string) => {
    writeFileSync(join(folder, 'grants.csv'), csv);
    return await grants('apply', join(folder, 'grants.csv'));
  };
  const operator = { url, api, browser, page, grants, apply };
  await findUrgentGrants(operator);
  await topUp(operator);
  await editAtOnce(operator);
  await erasePerson(operator);
  await expectNoBarriers(operator.page);
  expect(browser.complaints).toEqual([]);
}

/** A project that used vCPU-hours in the last days and was never in a grant. */
async function freeProject(url: string): Promise<{ site: string; project_id: string }> {
  const from = new Date(Date.now() - 7 * 86_400_000).toISOString();
  const question = new URLSearchParams({ from, step: 'total', by: 'site,project', resource: 'vcpu' });
  const [usage, grants] = (await Promise.all(
    [`usage?${question.toString()}`, 'grants'].map(async (path) => await getJson(`${url}/api/v1/${path}`)),
  )) as [
    { data: { site: string; project_id: string; amount: number }[] },
    { data: { projects: { project_id: string }[] }[] },
  ];
  const granted = new Set(grants.data.flatMap(({ projects }) => projects.map(({ project_id: id }) => id)));
  const free = usage.data.find(({ project_id: id, amount }) => amount > 10 && !granted.has(id));
  if (free === undefined) throw new Error('every project of the demo is in a grant');
  return free;
}

/** A grant over its allowance is first, then one that runs out; one that ended is last. */
async function findUrgentGrants({ url, api, page, apply }: Operator): Promise<void> {
  const { site, project_id: id } = await freeProject(api);
  const told = await apply(
    `grant,site,id,resource,amount,kind,at,reason\noverrun,${site},${id},vcpu,2,initial,2020-01-01,trial\n`,
  );
  expect(told).toContain('grant overrun: new\n');
  await page.goto(url);
  const table = page.getByRole('table', { name: 'What is left of each grant' });
  await table.getByRole('link', { name: 'overrun' }).waitFor();
  const lines = table.locator('tbody');
  await expectTexts(lines.locator('th a'), ['overrun', 'climate', 'imaging', 'summer course']);
  await expectTexts(lines, [
    expect.stringMatching(/-[\d.,]+[^]*used up/),
    expect.stringMatching(/\d{1,2} \w{3,4} \d{4}/),
    expect.anything(),
    expect.stringContaining('ended'),
  ]);
}

/** A top-up of one line shows on the page of the grant, and a grant that ran out lasts to its end. */
async function topUp({ page, apply }: Operator): Promise<void> {
  await page
    .getByRole('table', { name: 'What is left of each grant' })
    .getByRole('link', { name: 'climate' })
    .click();
  await page.getByRole('heading', { level: 1, name: 'climate' }).waitFor();
  await page.getByRole('heading', { name: 'What is left' }).waitFor();
  const line = 'grant,resource,amount,kind,reason\nclimate,vcpu,9000000,top-up,second round\n';
  expect(await apply(line)).toContain('top-up of 9,000,000 vCPU-hours');
  expect(await apply(line)).toBe('nothing to change\n');
  await page.reload();
  await amendments(page).getByText('second round').waitFor();
  await expectText(amendments(page), /\+9,000,000/);
  await page
    .getByText(/lasts to the end/)
    .first()
    .waitFor();
}

function amendments(page: Page): Locator {
  return page.getByRole('table', { name: /amendments/i });
}

/** Two operators read a grant and change it. The second one hears who was faster, and its page has the first one's change. */
async function editAtOnce({ browser, url, api, page }: Operator): Promise<void> {
  const other = await browser.context.newPage();
  for (const one of [page, other]) {
    await one.goto(`${url}/#/grants/overrun`);
    await one.getByRole('heading', { level: 1, name: 'overrun' }).waitFor();
  }
  const etag = await page.evaluate<string | null>(
    `fetch('/api/v1/grants/overrun').then(({ headers }) => headers.get('etag'))`,
  );
  const { allowances, projects } = (await getJson(`${api}/api/v1/grants/overrun`)) as {
    allowances: Record<string, string>[];
    projects: { site: string; project_id: string }[];
  };
  const document = {
    name: 'overrun',
    projects: projects.map(({ site, project_id: id }) => ({ site, id })),
    allowances: allowances.map(({ resource, amount, kind, reason }) => ({ resource, amount, kind, reason })),
  };
  const put = async (by: Page, title: string) => {
    const body = JSON.stringify(JSON.stringify({ ...document, title }));
    const headers = JSON.stringify({ 'content-type': 'application/json', 'if-match': etag });
    return await by.evaluate<[number, string | undefined]>(
      `fetch('/api/v1/grants/overrun', { method: 'PUT', headers: ${headers}, body: ${body} })
         .then(async (answer) => [answer.status, (await answer.json()).detail])`,
    );
  };
  expect((await put(page, 'Trial of ada'))[0]).toBe(200);
  expect(await put(other, 'Trial of bob')).toEqual([
    412,
    expect.stringMatching(
      /^grant 'overrun' has changed: version \d+ was written by person p-\S+ at \S+; read it again/,
    ),
  ]);
  // The browser itself says that the second answer was an error.
  await expect.poll(() => browser.complaints).toEqual([expect.stringContaining('412')]);
  browser.complaints.length = 0;
  await other.reload();
  await other.getByText('Trial of ada').waitFor();
  await other.close();
}

/** An erased person has an id in place of the name, and every amendment stays as it was. */
async function erasePerson({ url, page, grants }: Operator): Promise<void> {
  await page.goto(`${url}/#/grants/climate`);
  await page.getByText('Ada Lovelace').waitFor();
  const before = await amendments(page).innerText();
  expect(await grants('erase', 'p-1')).toBe('person p-1: name and mail erased\n');
  await page.reload();
  await page.getByText('p-1, lead').waitFor();
  expect(await page.locator('body').innerText()).not.toMatch(/Ada Lovelace|ada@example/);
  await expect.poll(() => amendments(page).innerText()).toBe(before);
}
