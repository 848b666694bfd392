import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeWith } from '../support/describe-with.ts';
import { barriers, chartHasColour, startBrowser, type Browser } from './browser.ts';
import { cannedGrants } from './canned-grants.ts';
import { AWKWARD_NAMES, cannedGrant, cannedLedger } from './canned-ledger.ts';
import { PORTAL_NOW_MS, startCannedPortal, type CannedPortal } from './canned-portal.ts';

describeWith(['chromium'], 'the pages in a browser', ({ chromium }) => {
  let webRoot: string;
  let browser: Browser;
  let portal: CannedPortal;
  let page: Page;

  beforeAll(async () => {
    webRoot = await mkdtemp(join(tmpdir(), 'stackmeter-web-'));
    await build({ root: 'web', logLevel: 'error', build: { outDir: webRoot } });
    browser = await startBrowser(chromium);
  });

  afterAll(async () => {
    await browser?.close();
    await rm(webRoot, { recursive: true, force: true });
  });

  beforeEach(async () => {
    portal = await startCannedPortal(webRoot, cannedLedger(PORTAL_NOW_MS, 8));
    page = await browser.context.newPage();
    await page.clock.setFixedTime(PORTAL_NOW_MS);
    browser.complaints.length = 0;
  });

  afterEach(async () => {
    await page.close();
    await portal.close();
  });

  async function open(address = ''): Promise<void> {
    await page.goto(`${portal.url}${address}`);
    await page.locator('.project-table, .bucket-table').last().waitFor();
  }

  const projectTable = () => page.getByRole('table', { name: /^Projects and their usage/ });
  const siteRow = (name: string) =>
    page
      .getByRole('table', { name: /^Sites/ })
      .getByRole('row')
      .filter({ has: page.getByRole('rowheader', { name }) });

  it('load everything from the portal itself, obey its content security policy, and log no warnings', async () => {
    const elsewhere: string[] = [];
    page.on('request', (request) => {
      if (!request.url().startsWith(portal.url)) elsewhere.push(request.url());
    });
    await open();
    await page.getByRole('link', { name: 'metagenome-10' }).click();
    await page.getByRole('heading', { name: 'Identifiers' }).waitFor();
    expect({ elsewhere, complaints: browser.complaints }).toEqual({ elsewhere: [], complaints: [] });
  });

  it('show the state of each site in words, with the reason and the exact time', async () => {
    await open();
    await expectText(siteRow('bielefeld'), /failing.*answered 401.*7 h ago/s);
    await expectText(siteRow('tübingen'), /late.*3 refused readings, 1 anomaly.*25 min ago.*12.*48/s);
    await expectText(siteRow('gießen'), /never read.*never/s);
    await expectText(siteRow('freiburg'), /reporting.*12 s ago.*41.*164/s);
    const title = await siteRow('freiburg').locator('time').getAttribute('title');
    expect(title).toBe('2026-11-22 14:23:48 UTC');
  });

  it('show names of any characters only as text', async () => {
    await open();
    const shown = await projectTable().locator('th[scope=row] a bdi[dir=auto]').allTextContents();
    const asText = AWKWARD_NAMES.slice(0, 4);
    expect(shown).toEqual(
      expect.arrayContaining([
        ...asText,
        'line⟨U+000A⟩break⟨U+0000⟩nul',
        '⟨U+202E⟩gnp.exe',
        '(no name)',
        AWKWARD_NAMES[7],
      ]),
    );
    await expectCount(page.locator('img[src=x]'), 0);
    await expect.poll(() => page.title()).toBe('Overview – stackmeter');
  });

  it("show the ledger's amounts rounded in a cell, exact in its title, and exact in the CSV", async () => {
    await open();
    const firstHourMs = Date.UTC(2026, 10, 21, 15);
    const [project] = portal.ledger.projects;
    const amount = portal.ledger.usage
      .filter(
        (row) => row.project_id === project?.project_id && row.site === 'freiburg' && row.resource === 'mb',
      )
      .filter((row) => Date.parse(row.start) >= firstHourMs)
      .reduce((sum, row) => sum + row.amount, 0);
    const cell = projectTable()
      .getByRole('row')
      .filter({ hasText: 'proteomics-1' })
      .first()
      .locator('td.amount')
      .nth(1);
    expect(await cell.getAttribute('title')).toBe(`${number(amount, 9)} MiB-hours`);
    await expectText(cell, new RegExp(`^${number(amount / 1024 / 1024, 2)}$`));
    const csv = await (
      await page.request.get(
        `${portal.url}${await page.getByRole('link', { name: 'CSV' }).getAttribute('href')}`,
      )
    ).text();
    expect(csv.split('\n')[0]?.split(',')).toEqual(
      expect.arrayContaining(['site', 'project_id', 'resource', 'amount', 'unit', 'coverage']),
    );
    expect(csv.match(/"vCPU-hours"/g)).toHaveLength(24 * portal.ledger.projects.length);
  });

  it('mark spread and missing hours in words', async () => {
    await open();
    await expectText(
      page.getByText('of 24 hours'),
      /^3 of 24 hours are spread over a gap, 1 has missing readings\.$/,
    );
    await page.getByText('Numbers by hour').click();
    const byHour = page.getByRole('table', { name: /^vCPU by hour/ });
    await expect.poll(() => byHour.getByRole('cell', { name: 'spread' }).count()).toBe(3);
    await expect.poll(() => byHour.getByRole('cell', { name: 'missing' }).count()).toBe(1);
    await expectText(projectTable().getByRole('row').nth(1), /partly missing/);
  });

  it('have landmarks, captions, labels, and words for every chart', async () => {
    await open();
    await page.getByText('Numbers by hour').click();
    expect(await barriers(page)).toEqual([]);
    await open(projectAddress(4));
    expect(await barriers(page)).toEqual([]);
  });

  it('are usable with only a keyboard', async () => {
    await open();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.tagName')).toBe('MAIN');
    await page.getByRole('radio', { name: '24 hours' }).focus();
    await page.keyboard.press('ArrowRight');
    await page.getByRole('table', { name: 'vCPU by project, 7 days' }).waitFor();
    await page.getByLabel('Search projects').focus();
    await page.keyboard.type('koln teaching');
    await page.getByText('No project matches the search.').waitFor();
    await page.getByLabel('Search projects').fill('TEACHING freiburg');
    await expectCount(projectTable().locator('tbody tr'), 5);
    await page.getByRole('button', { name: /^Project/ }).press('Enter');
    expect(
      await page.getByRole('columnheader', { name: 'Project', exact: true }).last().getAttribute('aria-sort'),
    ).toBe('ascending');
    await expect.poll(() => page.url()).toMatch(/#\/\?range=7d&search=TEACHING\+freiburg&sort=name$/);
  });

  it('show a long list page by page to its end', async () => {
    await open();
    await expectCount(projectTable().locator('tbody tr'), 25);
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByText('51–53 of 53 projects').waitFor();
    expect(await page.getByRole('button', { name: 'Next' }).isDisabled()).toBe(true);
  });

  it('lead from a project to its page with all resources, and back', async () => {
    await open('#/?range=7d');
    await page.getByRole('link', { name: AWKWARD_NAMES[2] }).first().click();
    await page.getByRole('heading', { level: 1, name: AWKWARD_NAMES[2] }).waitFor();
    await expect.poll(() => page.title()).toBe(`${AWKWARD_NAMES[2]} – stackmeter`);
    await expectCount(page.locator('canvas'), 5);
    await expectText(
      page.locator('.identity').last(),
      new RegExp(`${portal.ledger.projects[3]?.project_id}.*default.*freiburg`, 's'),
    );
    await page.getByRole('radio', { name: 'Days', exact: true }).check({ force: true });
    const byDay = page.getByRole('table', { name: 'Usage by day, last 7 days' });
    await expectCount(byDay.locator('tbody tr'), 7);
    await expectText(byDay.locator('tbody tr').first(), /so far/);
    await page.goBack();
    await projectTable().waitFor();
  });

  it('show the servers of a project by flavor and state, with words for what is not known', async () => {
    const project = portal.ledger.projects[3];
    const firstHourMs = Date.UTC(2026, 10, 21, 15);
    const hours = portal.ledger.usage.filter(
      (row) =>
        row.project_id === project?.project_id &&
        row.state !== undefined &&
        Date.parse(row.start) >= firstHourMs,
    );
    const amountOf = (name: string | null, state: string) =>
      hours
        .filter((row) => row.flavor?.name === name && row.state === state)
        .reduce((sum, { amount }) => sum + amount, 0);
    await open(projectAddress(3));
    const table = page.getByRole('table', { name: /^Servers by flavor and state/ });
    expect(await table.getByRole('columnheader').allInnerTexts()).toEqual([
      'Flavor',
      'active',
      'suspended',
      'stopped',
      'shelved offloaded',
      'unknown',
      'Total',
    ]);
    expect(await table.getByRole('rowheader').allInnerTexts()).toEqual([
      '<b>m1.small\n1 vCPU, 2 GiB memory, 20 GiB disk',
      'm1.large\n4 vCPUs, 8 GiB memory, 80 GiB disk (20 GiB of it ephemeral), 512 MiB swap',
      '(name not known)\n2 vCPUs, 4 GiB memory, 40 GiB disk',
      'g2.a100.x4\n32 vCPUs, 256 GiB memory, 200 GiB disk, 4 × a100',
      'Total',
    ]);
    const small = table.getByRole('row').nth(1).locator('td.amount');
    const titles = await small.evaluateAll((cells) => cells.map((cell) => cell.getAttribute('title')));
    expect(titles).toEqual([
      `${number(amountOf('<b>m1.small', 'active'), 9)} server-hours`,
      null,
      `${number(amountOf('<b>m1.small', 'stopped'), 9)} server-hours`,
      null,
      null,
      `${number(amountOf('<b>m1.small', 'active') + amountOf('<b>m1.small', 'stopped'), 9)} server-hours`,
    ]);
    const section = page.getByRole('region', { name: /^Servers by flavor and state/ }).first();
    await expectText(
      section,
      /The state is unknown for 2\.5% of the server hours: Nova’s record did not tell it\./,
    );
    await expectText(page.getByLabel('States in the chart'), /active\s+suspended\s+stopped.*unknown/s);
    await section.getByText('What the states mean').click();
    await expectText(section.locator('.identity'), /unknown\s+Nova’s record did not tell the state/);
    await section.getByText('Numbers by hour').click();
    const byHour = page.getByRole('table', { name: 'Server hours by state and hour, last 24 hours' });
    await expectCount(byHour.locator('tbody tr'), 24);
    expect(await barriers(page)).toEqual([]);
    const href = await section.getByRole('link', { name: 'CSV' }).getAttribute('href');
    const csv = await (await page.request.get(`${portal.url}${href}`)).text();
    expect(csv.match(/"server-hours"/g)).toHaveLength(hours.length);
  });

  it('show server hours nowhere else, and no servers by state if a site sends none', async () => {
    await open();
    expect(await projectTable().getByRole('columnheader').allInnerTexts()).not.toContainEqual(
      expect.stringContaining('Server hours'),
    );
    expect(await page.getByLabel('Resource').locator('option').allInnerTexts()).toEqual([
      'vCPU',
      'Memory',
      'Disk',
      'Servers',
    ]);
    await open(projectAddress(45));
    await expectCount(page.locator('canvas'), 4);
    await expectCount(page.getByText('Servers by flavor and state'), 0);
    await open(projectAddress(3));
    await expectText(page.locator('.figures'), /^(?!.*Server hours).*Servers, 24 hours/s);
    await expectText(
      page
        .getByRole('table', { name: /^Usage by hour/ })
        .getByRole('row')
        .first(),
      /^(?!.*Server hours).*Servers/s,
    );
  });

  it('show the usage of a grant over all sites, by site and by project', async () => {
    const { projects, usage } = portal.ledger;
    const linked = [projects[3], projects[45]].map((row) => ({
      site: row?.site ?? '',
      id: row?.project_id ?? '',
    }));
    portal.ledger.grants = [
      cannedGrant('Climate & <ice>', [...linked, { site: 'bielefeld', id: 'never-seen' }]),
    ];
    const vcpus = usage
      .filter(({ site, project_id }) => linked.some((one) => one.site === site && one.id === project_id))
      .filter(({ resource, start }) => resource === 'vcpu' && Date.parse(start) >= Date.UTC(2026, 10, 21, 15))
      .reduce((sum, { amount }) => sum + amount, 0);
    await open();
    const grants = page.getByRole('table', { name: /^Grants and their usage/ });
    await expectText(grants.getByRole('row').nth(1), /3 projects at bielefeld, freiburg, tübingen/);
    const total = `${number(vcpus, 9)} vCPU-hours`;
    expect(await grants.locator('td.amount').first().getAttribute('title')).toBe(total);
    await grants.getByRole('link', { name: 'Climate & <ice>' }).click();
    await page.getByRole('heading', { level: 1, name: 'Climate & <ice>' }).waitFor();
    await expectCount(page.locator('canvas'), 4);
    expect(await page.locator('.figures dd').first().getAttribute('title')).toBe(total);
    const ofGrant = page.getByRole('table', { name: /^Projects of the grant/ });
    await expectCount(ofGrant.locator('tbody tr'), 3);
    await expectText(ofGrant, /tübingen.*never-seen.*not read yet/s);
    await expectText(page.getByLabel('Sites in the charts'), /bielefeld\s+freiburg\s+tübingen/);
    expect(await barriers(page)).toEqual([]);
    const href = await page.getByRole('link', { name: 'CSV' }).getAttribute('href');
    const csv = await (await page.request.get(`${portal.url}${href}`)).text();
    expect(csv.match(/"vCPU-hours"/g)).toHaveLength(24 * linked.length);
    await page.goto(`${portal.url}#/grants/none`);
    await page.getByRole('heading', { name: 'This grant is not known' }).waitFor();
  });

  it('show the most urgent grants first, each with its share, and words where no run-out date is known', async () => {
    portal.ledger.grants = cannedGrants(portal.ledger);
    await open();
    const left = page.getByRole('table', { name: 'What is left of each grant' });
    expect(await left.getByRole('rowheader').allInnerTexts()).toEqual([
      'course',
      'climate\nKlimamodelle der Nordsee',
      'imaging',
      'next year',
      'ended',
    ]);
    expect(await left.locator('.run-out').allInnerTexts()).toEqual([
      'used up',
      '9 Dec 2026',
      'lasts to the end',
      'not enough data yet',
      'not started',
      'ended',
    ]);
    await expectText(left, /-20\.3\s*left of 100\.0.*120\.3% used, 89\.2% of the time gone/s);
    await expectText(left, /0\.0\s*left of 0\.0, 700\.0 more later/);
    expect(await left.locator('.run-out').nth(1).getAttribute('title')).toBe(
      '95.5 vCPU-hours a day, from the last 28 days, 3 hours of them missing',
    );
    const usage = page.getByRole('table', { name: /^Grants and their usage/ });
    await expectText(usage.getByRole('row').nth(1), /^course/);
    expect(await barriers(page)).toEqual([]);
  });

  it('show the allowances of a grant over time, its people, and who amended it when and why', async () => {
    portal.ledger.grants = cannedGrants(portal.ledger);
    await page.goto(`${portal.url}#/grants/climate`);
    const amendments = page.getByRole('table', { name: /^Amendments/ });
    await amendments.waitFor();
    await expectCount(amendments.locator('tbody tr'), 4);
    await expectText(
      amendments.getByRole('row').nth(1),
      /2026-11-20 12:00.*cut.*−500.*moved to imaging.*operator/s,
    );
    await expectText(amendments.getByRole('row').nth(2), /top-up.*\+2,500.*a <b>longer<\/b> run.*ada/s);
    const facts = page.getByRole('region', { name: 'About this grant' });
    await expectText(
      facts,
      /Klimamodelle der Nordsee.*1 Jan 2026 to 31 Dec 2026\s+40 days to go.*climate science/s,
    );
    await expectText(facts, /Ada Lovelace, lead\s+ada@example\.org\s+p-18, member/);
    await expectCount(page.getByRole('img', { name: /so far, with the allowance as a line/ }), 2);
    await page.getByText('Numbers by month and site').first().click();
    await expectText(
      page.getByRole('table', { name: 'vCPU by month and site' }).getByRole('row').nth(1),
      /Nov 2026.*12,000/s,
    );
    expect(await barriers(page)).toEqual([]);
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
  });

  it('say what to do if there are no grants, or a grant has no allowance', async () => {
    await open();
    await page
      .getByText('No grants yet. stackmeter portal grants apply FILE adds grants from a file.')
      .waitFor();
    portal.ledger.grants = cannedGrants(portal.ledger);
    await page.goto(`${portal.url}#/grants/archive`);
    await page.getByText('This grant has no allowance, so nothing can run out.').waitFor();
    await page.goto(`${portal.url}#/grants/next%20year`);
    await page.getByText('not started: starts in 40 days').waitFor();
    await page.goto(`${portal.url}#/grants/ended`);
    await page.getByText('31 Dec 2025').waitFor();
    expect(await page.locator('.identity').first().innerText()).toMatch(/31 Dec 2025\s+ended/);
  });

  it('say that a project, grant or page does not exist', async () => {
    await page.goto(`${portal.url}#/projects/freiburg/none`);
    await page.getByRole('heading', { name: 'This project is not known' }).waitFor();
    await page.goto(`${portal.url}#/elsewhere`);
    await page.getByRole('heading', { name: 'There is no such page' }).waitFor();
    await expect.poll(() => page.title()).toBe('Not found – stackmeter');
  });

  it('keep the last numbers while the portal does not answer, and show since when', async () => {
    await page.clock.install({ time: PORTAL_NOW_MS });
    await open();
    portal.broken = true;
    await page.clock.runFor(11_000);
    const notice = page.locator('.notice');
    await notice.waitFor();
    await expectText(
      notice,
      /^No answer since 2026-11-22 14:24:\d\d UTC: the database does not answer\. The page shows the numbers of 2026-11-22 14:24:\d\d UTC/,
    );
    await expect.poll(() => projectTable().locator('tbody tr').count()).toBe(25);
    portal.broken = false;
    await page.clock.runFor(61_000);
    await notice.waitFor({ state: 'detached' });
  });

  it('ask again every few seconds, but not while they are hidden', async () => {
    await page.clock.install({ time: PORTAL_NOW_MS });
    await open();
    const atFirst = requestsOf('/api/v1/sites');
    await page.clock.runFor(5_100);
    await expect.poll(() => requestsOf('/api/v1/sites')).toBeGreaterThan(atFirst);
    await setHidden(true);
    await page.clock.runFor(1_000);
    await waitForEarlierRequests();
    const whenHidden = portal.requests.length;
    await page.clock.runFor(600_000);
    await waitForEarlierRequests();
    expect(portal.requests.length).toBe(whenHidden + 1);
    await setHidden(false);
    await expect.poll(() => portal.requests.length).toBeGreaterThan(whenHidden + 1);
  });

  it('say what to do if there are no sites, and say so if there is no usage', async () => {
    portal.ledger = { sites: [], projects: [], usage: [] };
    await page.goto(portal.url);
    await page.getByRole('heading', { name: 'No sites yet' }).waitFor();
    portal.ledger = { ...cannedLedger(PORTAL_NOW_MS, 1), projects: [], usage: [] };
    await page.reload();
    await page.getByText('No usage in the last 24 hours.').waitFor();
    await page.getByText('No projects yet.').waitFor();
    expect(await barriers(page)).toEqual([]);
  });

  it('fit a narrow screen', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    await open();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    await open(projectAddress(5));
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
  });

  it('draw charts in the colours of the scheme, also when it changes', async () => {
    await page.emulateMedia({ colorScheme: 'light' });
    await open();
    await expect.poll(() => chartHasColour(page, '--series-1')).toBe(true);
    await page.emulateMedia({ colorScheme: 'dark' });
    await expect.poll(() => chartHasColour(page, '--series-1')).toBe(true);
    expect(
      await page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--series-1')"),
    ).toBe('#6d9bff');
  });

  function projectAddress(index: number): string {
    const project = portal.ledger.projects[index];
    return `#/projects/${encodeURIComponent(project?.site ?? '')}/${project?.project_id}`;
  }

  function requestsOf(path: string): number {
    return portal.requests.filter((address) => address === path).length;
  }

  /** Sends a request from the page: once it is answered, the page's earlier requests have arrived, too. */
  async function waitForEarlierRequests(): Promise<void> {
    await page.evaluate("fetch('api/v1/projects?search=itself').then((answer) => answer.text())");
  }

  /** Tells the page that it is hidden, because a headless browser shows every tab. */
  async function setHidden(hidden: boolean): Promise<void> {
    await page.evaluate(`Object.defineProperty(document, 'hidden', { value: ${hidden}, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'))`);
  }
});

async function expectText(locator: Locator, pattern: RegExp): Promise<void> {
  await expect.poll(() => locator.innerText()).toMatch(pattern);
}

async function expectCount(locator: Locator, count: number): Promise<void> {
  await expect.poll(() => locator.count()).toBe(count);
}

function number(value: number, maximumFractionDigits: number): string {
  return new Intl.NumberFormat('en-US', { maximumFractionDigits }).format(value);
}
