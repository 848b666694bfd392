import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeWith } from '../support/describe-with.ts';
import { chartHasColour, startBrowser, type Browser } from './browser.ts';
import { cannedGrants } from './canned-grants.ts';
import { AWKWARD_NAMES, cannedGrant, cannedLedger } from './canned-ledger.ts';
import { cannedBook, cannedCharges, cannedPrices, documentedBook } from './canned-prices.ts';
import { cannedQuality } from './canned-quality.ts';
import { PUBLISHED_FIGURES } from './published-figures.ts';
import { PORTAL_NOW_MS, startCannedPortal, type CannedPortal } from './canned-portal.ts';
import {
  expectAddress,
  expectCount,
  expectInPage,
  expectNoBarriers,
  expectText,
  expectTexts,
  expectTitle,
  expectToFit,
} from './expectations.ts';

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
    await expectTitle(siteRow('freiburg').locator('time'), '2026-11-22 14:23:48 UTC');
  });

  it('show names of any characters only as text', async () => {
    await open();
    const names = projectTable().locator('th[scope=row] a bdi[dir=auto]');
    const asText = AWKWARD_NAMES.slice(0, 4);
    await expect
      .poll(() => names.allTextContents())
      .toEqual(
        expect.arrayContaining([
          ...asText,
          'line⟨U+000A⟩break⟨U+0000⟩nul',
          '⟨U+202E⟩gnp.exe',
          '(no name)',
          AWKWARD_NAMES[7],
        ]),
      );
    await expectCount(page.locator('img[src=x]'), 0);
    await expectInPage(page, 'document.title', 'Overview – stackmeter');
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
    await expectTitle(cell, `${number(amount, 9)} MiB-hours`);
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
    await expectNoBarriers(page);
    await open(projectAddress(4));
    await expectNoBarriers(page);
  });

  it('are usable with only a keyboard', async () => {
    await open();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await expectInPage(page, 'document.activeElement.tagName', 'MAIN');
    await page.getByRole('radio', { name: '24 hours' }).focus();
    await page.keyboard.press('ArrowRight');
    await page.getByRole('table', { name: 'vCPU by project, the last 7 days' }).waitFor();
    await page.getByLabel('Search projects').focus();
    await page.keyboard.type('koln teaching');
    await page.getByText('No project matches the search.').waitFor();
    await page.getByLabel('Search projects').fill('TEACHING freiburg');
    await expectCount(projectTable().locator('tbody tr'), 5);
    await page.getByRole('button', { name: /^Project/ }).press('Enter');
    const head = page.getByRole('columnheader', { name: 'Project', exact: true }).last();
    await expect.poll(() => head.getAttribute('aria-sort')).toBe('ascending');
    await expectAddress(page, /#\/\?range=7d&search=TEACHING\+freiburg&sort=name$/);
  });

  it('show months, quarters and dates, keep them in the address, and pass them on to other pages', async () => {
    await open();
    const calendar = page.getByLabel('Calendar');
    await calendar.selectOption('this month');
    await page.getByRole('table', { name: 'Projects and their usage of this month' }).waitFor();
    await page.getByRole('button', { name: 'Earlier' }).click();
    await page.getByText('No usage in Oct 2026.').waitFor();
    await expectAddress(page, /#\/\?range=2026-10$/);
    await page.getByRole('button', { name: 'Later' }).click();
    await calendar.selectOption('dates…');
    await page.getByLabel('From', { exact: true }).fill('2026-11-16');
    await page.getByLabel('To, included').fill('2026-11-18');
    await page.getByRole('table', { name: 'vCPU by project, 16 Nov to 18 Nov 2026' }).waitFor();
    await expectAddress(page, /#\/\?range=2026-11-16\.\.2026-11-18$/);
    await page.getByRole('link', { name: 'metagenome-10' }).click();
    const byHour = page.getByRole('table', { name: 'Usage by hour, 16 Nov to 18 Nov 2026' });
    await expectText(byHour.locator('tbody tr').first(), /^18 Nov 23:00–00:00/);
    await page.getByLabel('Calendar').selectOption('this year');
    await page.getByRole('radio', { name: 'Months' }).waitFor();
    await expectText(
      page.getByRole('table', { name: 'Usage by month, this year' }).locator('tbody tr').first(),
      /^Nov 2026\s*so far/,
    );
    await expectNoBarriers(page);
  });

  it('show times in the zone of the address, and ask for its days', async () => {
    await open('#/?tz=Europe%2FBerlin');
    await page.getByText('Numbers by hour').click();
    const byHour = page.getByRole('table', { name: /^vCPU by hour/ });
    await expectText(byHour.getByRole('columnheader').first(), /^Hour \(Europe\/Berlin\)$/);
    await expectText(byHour.locator('tbody tr').first(), /^22 Nov 15:00–16:00/);
    expect(await page.getByRole('link', { name: 'CSV' }).getAttribute('href')).toContain(
      '&tz=Europe%2FBerlin&',
    );
    await page.getByLabel('Time zone').selectOption('UTC');
    await expectText(byHour.locator('tbody tr').first(), /^22 Nov 14:00–15:00/);
    await expectAddress(page, /#\/$/);
  });

  it('compare a period with the time before, and say which part of that time is not known', async () => {
    await open('#/?compare=before');
    const note = page.getByText('Compared with 20 Nov 15:00 to 21 Nov 15:00.');
    await note.waitFor();
    await expectText(page.locator('.figures'), /vCPU, the last 24 hours[^%]*\(−?\+?[\d.]+%\)/);
    await page.getByRole('link', { name: 'metagenome-10' }).first().click();
    const byHour = page.getByRole('table', { name: 'Usage by hour, the last 24 hours' });
    await expectText(byHour.getByRole('row').first(), /vCPU before/);
    await page.getByLabel('Calendar').selectOption('this month');
    await page
      .getByText(
        'Compared with 1 Oct to 22 Oct 2026, which is not all measured: 22 of 22 days have no readings.',
      )
      .waitFor();
    await expectNoBarriers(page);
  });

  it('add usage up by domain, site, institution or grant, with the change from the time before, and as CSV', async () => {
    portal.ledger.grants = cannedGrants(portal.ledger);
    await open();
    await page.getByRole('link', { name: 'Totals' }).click();
    await page.getByRole('combobox', { name: 'By', exact: true }).selectOption('domain');
    await page.getByLabel('Compare with').selectOption('the time before');
    const table = page.getByRole('table', { name: 'vCPU by domain in the last 24 hours' });
    await expectText(
      table.getByRole('row').first(),
      /Domain.*Used.*Share.*Before.*Change.*Change in %.*Coverage/s,
    );
    const groups = async () => (await table.getByRole('rowheader').allInnerTexts()).toSorted();
    await expect
      .poll(groups)
      .toEqual(['Default\nfreiburg', 'Default\ntübingen', 'Total', 'elixir\nfreiburg', 'elixir\ntübingen']);
    const [used, before] = [vcpusBetween(21), vcpusBetween(20)];
    const total = table.locator('tfoot td');
    await expectTitle(total.nth(0), `${number(used, 9)} vCPU-hours`);
    await expectTitle(total.nth(2), `${number(before, 9)} vCPU-hours`);
    await expect
      .poll(() => total.nth(4).innerText())
      .toBe(`${used < before ? '−' : '+'}${number(Math.abs(used / before - 1) * 100, 1)}%`);
    await expectAddress(page, /#\/totals\?compare=before&by=domain$/);
    await expectNoBarriers(page);
    for (const [name, start] of [
      ['CSV', '2026-11-21T15:00:00Z'],
      ['CSV of the time before', '2026-11-20T15:00:00Z'],
    ] as const) {
      const href = await page.getByRole('link', { name, exact: true }).getAttribute('href');
      expect(new URLSearchParams(href?.split('?')[1]).get('from')).toBe(start);
      const csv = await (await page.request.get(`${portal.url}${href}`)).text();
      expect(csv.split('\n')[0]).toBe('site,domain_id,domain_name,resource,start,unit,amount,coverage');
    }
    await page.getByRole('combobox', { name: 'By', exact: true }).selectOption('institution');
    await expectText(page.getByRole('table', { name: /by institution/ }), /no institution.*university/s);
    const file = page.getByRole('link', { name: 'CSV', exact: true });
    await expect.poll(() => file.getAttribute('href')).toContain('by=institution%2Cresource');
    await expectToFit(page, 360);
  });

  /** All vCPU-hours of the 24 hours from 15:00 on a day of November. */
  function vcpusBetween(day: number): number {
    const fromMs = Date.UTC(2026, 10, day, 15);
    return portal.ledger.usage
      .filter(({ resource, start }) => resource === 'vcpu' && Date.parse(start) >= fromMs)
      .filter(({ start }) => Date.parse(start) < fromMs + 24 * 3_600_000)
      .reduce((sum, { amount }) => sum + amount, 0);
  }

  it('show a long list page by page to its end', async () => {
    await open();
    await expectCount(projectTable().locator('tbody tr'), 25);
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByText('51–53 of 53 projects').waitFor();
    await page.emulateMedia({ media: 'print' });
    await expectText(page.locator('main'), /51–53 of 53 projects/);
    await page.emulateMedia({ media: 'screen' });
    await page.getByRole('button', { name: 'Next', disabled: true }).waitFor();
  });

  it('lead from a project to its page with all resources, and back', async () => {
    await open('#/?range=7d');
    await page.getByRole('link', { name: AWKWARD_NAMES[2] }).first().click();
    await page.getByRole('heading', { level: 1, name: AWKWARD_NAMES[2] }).waitFor();
    await expectInPage(page, 'document.title', `${AWKWARD_NAMES[2]} – stackmeter`);
    await expectCount(page.locator('canvas'), 5);
    await expectText(
      page.locator('.identity').last(),
      new RegExp(`${portal.ledger.projects[3]?.project_id}.*default.*freiburg`, 's'),
    );
    await page.getByRole('radio', { name: 'Days', exact: true }).check({ force: true });
    const byDay = page.getByRole('table', { name: 'Usage by day, the last 7 days' });
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
    await expectTexts(table.getByRole('columnheader'), [
      'Flavor',
      'active',
      'suspended',
      'stopped',
      'shelved offloaded',
      'unknown',
      'Total',
    ]);
    await expectTexts(table.getByRole('rowheader'), [
      '<b>m1.small\n1 vCPU, 2 GiB memory, 20 GiB disk',
      'm1.large\n4 vCPUs, 8 GiB memory, 80 GiB disk (20 GiB of it ephemeral), 512 MiB swap',
      '(name not known)\n2 vCPUs, 4 GiB memory, 40 GiB disk',
      'g2.a100.x4\n32 vCPUs, 256 GiB memory, 200 GiB disk, 4 × a100',
      'Total',
    ]);
    const small = table.getByRole('row').nth(1).locator('td.amount');
    const titles = () => small.evaluateAll((cells) => cells.map((cell) => cell.getAttribute('title')));
    await expect
      .poll(titles)
      .toEqual([
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
    const byHour = page.getByRole('table', { name: 'Server hours by state and hour, the last 24 hours' });
    await expectCount(byHour.locator('tbody tr'), 24);
    await expectNoBarriers(page);
    const href = await section.getByRole('link', { name: 'CSV' }).getAttribute('href');
    const csv = await (await page.request.get(`${portal.url}${href}`)).text();
    expect(csv.match(/"server-hours"/g)).toHaveLength(hours.length);
  });

  it('show server hours nowhere else, and no servers by state if a site sends none', async () => {
    await open();
    expect(await projectTable().getByRole('columnheader').allInnerTexts()).not.toContainEqual(
      expect.stringContaining('Server hours'),
    );
    await expectTexts(page.getByLabel('Resource').locator('option'), ['vCPU', 'Memory', 'Disk', 'Servers']);
    await open(projectAddress(45));
    await expectCount(page.locator('canvas'), 4);
    await expectCount(page.getByText('Servers by flavor and state'), 0);
    await open(projectAddress(3));
    await expectText(page.locator('.figures'), /^(?!.*Server hours).*Servers, the last 24 hours/s);
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
    await expectTitle(grants.locator('td.amount').first(), total);
    await grants.getByRole('link', { name: 'Climate & <ice>' }).click();
    await page.getByRole('heading', { level: 1, name: 'Climate & <ice>' }).waitFor();
    await expectCount(page.locator('canvas'), 4);
    await expectTitle(page.locator('.figures dd').first(), total);
    const ofGrant = page.getByRole('table', { name: /^Projects of the grant/ });
    await expectCount(ofGrant.locator('tbody tr'), 3);
    await expectText(ofGrant, /tübingen.*never-seen.*not read yet/s);
    await expectText(page.getByLabel('Sites in the charts'), /bielefeld\s+freiburg\s+tübingen/);
    await expectNoBarriers(page);
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
    await expectTexts(left.getByRole('rowheader'), [
      'course',
      'climate\nKlimamodelle der Nordsee',
      'imaging',
      'next year',
      'ended',
    ]);
    await expectTexts(left.locator('.run-out'), [
      'used up',
      '9 Dec 2026',
      'lasts to the end',
      'not enough data yet',
      'not started',
      'ended',
    ]);
    await expectText(left, /-20\.3\s*left of 100\.0.*120\.3% used, 89\.2% of the time gone/s);
    await expectText(left, /0\.0\s*left of 0\.0, 700\.0 more later/);
    await expectTitle(
      left.locator('.run-out').nth(1),
      '95.5 vCPU-hours a day, from the last 28 days, 3 hours of them missing',
    );
    const usage = page.getByRole('table', { name: /^Grants and their usage/ });
    await expectText(usage.getByRole('row').nth(1), /^course/);
    await expectNoBarriers(page);
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
    await expectNoBarriers(page);
    await expectToFit(page, 360);
  });

  it('show what usage of a grant costs and by which price, and which usage costs nothing and why', async () => {
    const start = '2026-11-21T15:00:00.000Z';
    const amount = (charge: string) => ({
      charge,
      charge_exact: charge,
      unit: 'EUR',
      price_book: 'EUR 2026',
    });
    const usage = { start, usage: 10, usage_unit: 'server-hours' };
    const servers = { resource: 'server', flavor: 'm1/1/2048/0/0/0/0', state: 'stopped' };
    portal.ledger.grants = cannedGrants(portal.ledger);
    portal.ledger.charges = {
      data: [
        {
          ...servers,
          ...usage,
          price: 'small',
          prices_from: start,
          why: '1 vcpu at 0.02',
          ...amount('1234.20'),
        },
      ],
      next: null,
      totals: [amount('1234.20')],
      not_charged: [{ ...servers, ...usage, site: 'freiburg', mark: 'outage', reason: 'power cut' }],
      not_priced: [
        { ...usage, resource: 'gpu', usage_unit: 'GPU-hours', site: 'freiburg', reason: 'no price matches' },
      ],
      unused_prices: [],
    };
    await page.goto(`${portal.url}#/grants/climate`);
    const charges = page.getByRole('table', { name: /^Charges of .* by price$/ });
    await expectText(
      charges.getByRole('row').nth(1),
      /small\s*1 vcpu at 0\.02.*m1\/1\/2048.*stopped.*10\.00.*1,234\.20\s*EUR/s,
    );
    await expectText(charges.getByRole('row').nth(2), /Total by .*EUR 2026\s.*1,234\.20\s*EUR/s);
    await expectText(
      page.locator('.coverage-summary', { hasText: 'power cut' }),
      /^m1\/1\/2048\/0\/0\/0\/0 stopped: 10.00 server-hours at .*freiburg.* not charged \(outage\): power cut\.$/,
    );
    await page.getByText(/^GPU: 10.00 GPU-hours at .*freiburg.* not priced: no price matches\./).waitFor();
    expect(portal.requests.find((address) => address.startsWith('/api/v1/charges'))).toContain(
      '&by=price&grant=climate',
    );
    // Words stay whole on a phone: the frame of the table scrolls.
    await page.setViewportSize({ width: 360, height: 900 });
    await expect.poll(async () => (await charges.boundingBox())?.width).toBeGreaterThan(500);
    await expectToFit(page, 360);
  });

  it('show the published figures of three clouds', async () => {
    portal.ledger = { sites: [], projects: [], usage: [], grants: cannedGrants(portal.ledger) };
    const total = page.getByRole('row', { name: /^Total by/ });
    await page.goto(`${portal.url}#/grants/climate`);
    for (const { cloud, usage, charge } of PUBLISHED_FIGURES) {
      portal.ledger.charges = await cannedCharges(documentedBook(cloud), usage);
      // The page asks again.
      await page.evaluate(`dispatchEvent(new Event('online'))`);
      const [amount, unit] = charge.split(' ');
      await expect
        .poll(async () => (await total.innerText()).replaceAll(',', ''))
        .toMatch(new RegExp(`\\s${amount?.replace('.', '\\.')}\\s+${unit}$`));
    }
  });

  it('say the prices of a book in words with what they leave out, its versions, and what it would have charged', async () => {
    const [first, second] = ['1', '2'].map((price) => ({
      ...documentedBook('Jetstream2').version[0],
      resource: [{ resource: 'volume_gb', per: 1000, price }],
    }));
    Object.assign(portal.ledger, await cannedPrices());
    const book = documentedBook('Jetstream2');
    const version = [first, { ...second, from: '2026-11-01T06:00:00Z' }] as typeof book.version;
    portal.ledger.books = [await cannedBook({ ...book, version })];
    await page.goto(portal.url);
    await page.getByRole('link', { name: 'Prices' }).click();
    await page.getByRole('link', { name: 'Jetstream2' }).click();
    const prices = page.getByRole('table', { name: 'Prices, and what they leave out' });
    await page.getByRole('heading', { name: 'Prices from 2026-11-01 06:00 UTC' }).waitFor();
    await expectText(
      prices.getByRole('row', { name: /GPU/ }),
      /4 for each 1 vcpu, with name g3\.\*.*Hours are not rounded up/s,
    );
    await expectText(
      prices.getByRole('row', { name: /volume_gb/ }),
      /2 for each of 1000 GiB-hours.*No discount/s,
    );
    const versions = page.getByRole('table', { name: 'Versions, the latest first' });
    await expectText(
      versions.getByRole('row').nth(1),
      /2, from 2026-11-01 06:00 UTC.*by ada.*call 7.*volume_gb: 1 for each .* → 2/s,
    );
    const sides = page.getByRole('table', { name: 'Both charges side by side' });
    await expectText(sides.getByRole('row').nth(1), /climate\s+2\.08\s+USD\s+2,000\.00\s+SU\s+–/s);
    await page
      .getByText(/^Server hours|other\/8.*: 20.00 server-hours at .* not priced: no price matches\./)
      .waitFor();
    await page.getByText(/^Prices that match nothing: large memory, GPU\.$/).waitFor();

    await sides.getByRole('link', { name: 'climate' }).click();
    await page.getByRole('combobox', { name: 'Version' }).selectOption('1');
    await page.getByRole('heading', { name: 'Prices from 2024-01-01' }).waitFor();
    await expect
      .poll(() => portal.requests.join('\n'))
      .toMatch(/what-if\?.*&by=resource&grant=climate&book=Jetstream2&book_version=1$/m);
    await page.getByRole('link', { name: 'All usage' }).click();
    await expect.poll(() => portal.requests.join('\n')).toMatch(/&by=grant&book=Jetstream2&book_version=1$/m);
    await expectNoBarriers(page);
    await expectToFit(page, 360);
  });

  it('show the earlier names of a project, its grants, and nothing to click on paper', async () => {
    const project = portal.ledger.projects[3];
    if (project === undefined) throw new Error('there are too few projects');
    project.names = [
      {
        project_name: 'ice',
        domain_name: 'Default',
        from: '2026-01-05T10:00:00.000Z',
        to: '2026-06-01T09:00:00.000Z',
      },
      { project_name: 'ice-2', domain_name: 'Default', from: '2026-06-01T09:00:00.000Z', to: null },
    ];
    const grant = cannedGrant('climate', [{ site: project.site, id: project.project_id }]);
    const [link] = grant.projects;
    portal.ledger.grants = [
      {
        ...grant,
        projects:
          link === undefined
            ? []
            : [{ ...link, from: '2026-01-01T00:00:00.000Z', to: '2027-01-01T00:00:00.000Z' }],
      },
    ];
    await open(projectAddress(3));
    await expectText(
      page.locator('.identity').last(),
      /Earlier names\s+ice in Default, from 5 Jan 2026 to 1 Jun 2026/,
    );
    await expectText(
      page.getByRole('table', { name: 'Grants of this project' }).locator('tbody tr'),
      /^climate\s+from 1 Jan 2026 to 31 Dec 2026$/,
    );
    await expectNoBarriers(page);
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    await expect
      .poll(() =>
        page.locator('.controls, .download, .app-header nav, summary').filter({ visible: true }).count(),
      )
      .toBe(0);
    await expectInPage(page, propertyOfPage('--surface'), '#fff');
    await page.emulateMedia({ media: null, colorScheme: null });
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
    await expectText(page.locator('.identity').first(), /31 Dec 2025\s+ended/);
  });

  it('begin at their heading after a link, and say what to do if their code is not there any more', async () => {
    await open();
    await page.route('**/assets/more-*.js', async (route) => await route.fulfill({ status: 404 }));
    await page.getByRole('link', { name: 'My access' }).click();
    await page.getByRole('heading', { name: 'This page could not be loaded' }).waitFor();
    await expectNoBarriers(page);
    await page.unroute('**/assets/more-*.js');
    await page.getByRole('button', { name: 'Reload the page' }).click();
    await page.getByRole('heading', { level: 1, name: 'My access' }).waitFor();
    await open();
    await page.getByRole('link', { name: 'metagenome-10' }).click();
    await page.getByRole('heading', { name: 'Identifiers' }).waitFor();
    await expectInPage(page, 'document.activeElement.textContent', 'metagenome-10');
  });

  it('say that a project, grant or page does not exist', async () => {
    await page.goto(`${portal.url}#/projects/freiburg/none`);
    await page.getByRole('heading', { name: 'This project is not known' }).waitFor();
    await page.goto(`${portal.url}#/elsewhere`);
    await page.getByRole('heading', { name: 'There is no such page' }).waitFor();
    await expectInPage(page, 'document.title', 'Not found – stackmeter');
  });

  it('keep the last numbers while the portal does not answer, and show since when', async () => {
    await page.clock.install({ time: PORTAL_NOW_MS });
    await open();
    // Without an answer to each of its questions, the page would not say how old its numbers are.
    await page.waitForLoadState('networkidle');
    portal.broken = true;
    await page.clock.runFor(11_000);
    const notice = page.locator('.notice');
    await notice.waitFor();
    await expectText(
      notice,
      /^No answer since 2026-11-22 14:\d\d:\d\d UTC: the database does not answer\. The page shows the numbers of 2026-11-22 14:\d\d:\d\d UTC/,
    );
    await expect.poll(() => projectTable().locator('tbody tr').count()).toBe(25);
    // Only the button can make the page ask while its clock stands still.
    await page.clock.pauseAt(Number(await page.evaluate('Date.now()')) + 60_000);
    try {
      const asked = page.waitForRequest(/\/api\/v1\/sites/);
      await page.getByRole('button', { name: 'Try now' }).click();
      await asked;
    } finally {
      // All pages of the browser have one clock.
      await page.clock.resume();
    }
    portal.broken = false;
    await notice.waitFor({ state: 'detached' });
  });

  it('ask again every few seconds, but not while they are hidden', async () => {
    await page.clock.install({ time: PORTAL_NOW_MS });
    const asked: string[] = [];
    page.on('request', (request) => {
      if (request.resourceType() === 'fetch') asked.push(new URL(request.url()).pathname);
    });
    // The browser tells of a request before it answers a later question.
    const askedUntilNow = async () => {
      await page.evaluate('0');
      return [...asked];
    };
    const sites = async () => (await askedUntilNow()).filter((path) => path === '/api/v1/sites').length;
    await open();
    const atFirst = await sites();
    await page.clock.runFor(5_100);
    await expect.poll(sites).toBeGreaterThan(atFirst);
    await setHidden(true);
    await page.clock.runFor(1_000);
    const whenHidden = await askedUntilNow();
    await page.clock.runFor(600_000);
    expect(await askedUntilNow()).toEqual(whenHidden);
    await setHidden(false);
    await expect.poll(askedUntilNow).not.toEqual(whenHidden);
  });

  it('ask only for hours by the clock of the portal, also in a browser whose clock is wrong', async () => {
    await page.clock.install({ time: PORTAL_NOW_MS - 7 * 86_400_000 });
    await open();
    const ends = portal.requests.flatMap((address) => /[?&]to=([^&]+)/.exec(address)?.[1] ?? []);
    expect(ends.length).toBeGreaterThan(0);
    const early = ends.filter((to) => Date.parse(decodeURIComponent(to)) < PORTAL_NOW_MS);
    expect(early).toEqual([]);
  });

  it('ask as soon as the portal tells of new readings', async () => {
    portal.streams = true;
    await open();
    await expect.poll(() => portal.events?.headersSent).toBe(true);
    const site = portal.ledger.sites.find(({ name }) => name === 'freiburg');
    if (site !== undefined) site.projects = 4242;
    portal.events?.write('event: readings\ndata: new\n\n');
    await expectText(siteRow('freiburg'), /4,242/);
    expect(browser.complaints).toEqual([]);
  });

  it('say what to do if there are no sites, and say so if there is no usage', async () => {
    portal.ledger = { sites: [], projects: [], usage: [] };
    await page.goto(portal.url);
    await page.getByRole('heading', { name: 'No sites yet' }).waitFor();
    portal.ledger = { ...cannedLedger(PORTAL_NOW_MS, 1), projects: [], usage: [] };
    await page.reload();
    await page.getByText('No usage in the last 24 hours.').waitFor();
    await page.getByText('No projects yet.').waitFor();
    await expectNoBarriers(page);
  });

  it('explain the overview in five sentences until somebody has closed them', async () => {
    await open();
    const tour = page.getByRole('group').filter({ hasText: 'This page in five sentences' });
    const boxTop = async (part: Locator) => (await part.boundingBox())?.y ?? 0;
    const isFirst = async () => (await boxTop(tour)) < (await boxTop(projectTable()));
    await expectCount(tour.getByRole('listitem'), 5);
    await expect.poll(isFirst).toBe(true);
    await tour.getByText('This page in five sentences').click();
    await expectCount(tour.getByRole('listitem'), 0);
    await expectInPage(page, "localStorage.getItem('stackmeter-tour-seen')", 'true');
    await page.reload();
    await projectTable().waitFor();
    await expectCount(tour.getByRole('listitem'), 0);
    await expect.poll(isFirst).toBe(false);
  });

  it('fit a narrow screen', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    await open();
    await expectToFit(page, 360);
    await open(projectAddress(5));
    await expectToFit(page, 360);
  });

  it('fit a screen that becomes narrow, also before their charts have followed', async () => {
    await page.addInitScript('globalThis.ResizeObserver = class { observe() {} disconnect() {} }');
    portal.ledger.grants = cannedGrants(portal.ledger);
    for (const address of ['#/', '#/totals', '#/grants/climate', projectAddress(5)]) {
      await page.setViewportSize({ width: 1280, height: 900 });
      await page.goto('about:blank');
      await page.goto(`${portal.url}${address}`);
      await page.locator('canvas').first().waitFor();
      await expectToFit(page, 360);
    }
  });

  it('draw charts in the colours of the scheme, also when it changes', async () => {
    await page.emulateMedia({ colorScheme: 'light' });
    await open();
    await expect.poll(() => chartHasColour(page, '--series-1')).toBe(true);
    await page.emulateMedia({ colorScheme: 'dark' });
    await expect.poll(() => chartHasColour(page, '--series-1')).toBe(true);
    await expectInPage(page, propertyOfPage('--series-1'), '#6d9bff');
  });

  it('say of each site since when it is not all right, and what to do', async () => {
    portal.ledger = { ...portal.ledger, ...cannedQuality(PORTAL_NOW_MS) };
    await open();
    await siteRow('bielefeld').getByRole('link').click();
    const state = page.getByRole('region', { name: /^State/ });
    await expectText(state, /failing.*Not all is well since 2026-11-22 07:24:00 UTC \(7 h ago\)\./s);
    await expectText(state, /answered 401.*What to do: The token is not valid at the gate\./s);
    const sweeps = page.getByRole('table', { name: /^How sweeps ended/ });
    await expectText(sweeps.getByRole('row').nth(1), /2026-11-22 07:24:00 UTC.*6 h.*840.*not read/s);
    await expectNoBarriers(page);
    await page.getByRole('link', { name: 'Data quality' }).last().click();
    const sites = page.getByRole('table', { name: /^Sites/ });
    await expectText(sites.getByRole('row').nth(1), /bielefeld.*failing.*since 2026-11-22 07:24:00 UTC/s);
    await expectText(sites.getByRole('row').nth(2), /tübingen.*late.*since 2026-11-22 13:59:00 UTC/s);
    await expectNoBarriers(page);
    expect(browser.complaints).toEqual([]);
  });

  it('say of a site how each day is known, what was refused, and why numbers changed', async () => {
    portal.ledger = { ...portal.ledger, ...cannedQuality(PORTAL_NOW_MS) };
    const renamed = portal.ledger.projects.find(({ site }) => site === 'tübingen');
    if (renamed === undefined) throw new Error('there are too few projects');
    const names = { domain_name: 'Default', project_name: renamed.project_name };
    renamed.names = [
      { ...names, project_name: 'ice', from: '2026-01-05T10:00:00.000Z', to: '2026-06-01T09:00:00.000Z' },
      { ...names, from: '2026-06-01T09:00:00.000Z', to: null },
    ];
    await page.goto(`${portal.url}#/sites/${encodeURIComponent('tübingen')}`);
    const calendar = page.getByRole('table', { name: /^How each day is known/ });
    const november = calendar.getByRole('row').filter({ hasText: 'Nov 2026' }).getByRole('cell');
    await expectText(november.nth(12), /^spread$/);
    await expectText(november.nth(19), /^missing$/);
    await expectText(november.nth(21), /^measured$/);
    await page.getByText('Days that are not measured as a whole').first().click();
    const others = page.getByRole('table', { name: /^Days that are not/ });
    await expectText(others.getByRole('row').nth(2), /13 Nov 2026\s+partly spread\s+20\s+4/);
    await expectText(
      page.getByRole('table', { name: /^Refused/ }),
      /no time.*<b>10e1.*3.*2026-11-22 12:24:00/s,
    );
    await expectText(
      page
        .getByRole('table', { name: /^Corrections/ })
        .getByRole('row')
        .nth(1),
      /21 Nov 08:00–09:00.*mouse atlas.*vCPU.*8\.00 vCPU-hours.*0\.00 vCPU-hours.*2026-11-21 12:24/s,
    );
    await page.getByText('The latest 20. The CSV has all.').waitFor();
    await expectText(
      page.getByRole('table', { name: /^Anomalies/ }),
      /the total fell.*2 times.*-2\.00 GiB-hours/s,
    );
    await expectText(
      page
        .getByRole('table', { name: /^Names that changed/ })
        .getByRole('row')
        .nth(1),
      /2026-06-01 09:00:00 UTC\s+ice in Default/,
    );
    const csv = await page.getByRole('link', { name: 'CSV of corrections' }).getAttribute('href');
    expect(csv).toBe(
      'api/v1/corrections?from=2026-10-23T15%3A00%3A00Z&to=2026-11-22T15%3A00%3A00Z&site=t%C3%BCbingen&format=csv',
    );
    await expectNoBarriers(page);
    await page.setViewportSize({ width: 360, height: 900 });
    const hidden = `(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector('.calendar').parentElement)`;
    await expect.poll(() => page.evaluate(hidden)).toBe(0);
    await expectToFit(page, 360);
    await page.goto(`${portal.url}#/quality`);
    await page.getByRole('table', { name: /^Sites/ }).waitFor();
    await expectToFit(page, 360);
    await page.goto(`${portal.url}#/sites/nowhere`);
    await page.getByRole('heading', { name: 'This site is not known' }).waitFor();
  });

  it('mark the corrected hours of a project in its charts, and list them in the zone of the page', async () => {
    const project = portal.ledger.projects[5];
    if (project === undefined) throw new Error('there are too few projects');
    const { site, project_id } = project;
    const corrections = cannedQuality(PORTAL_NOW_MS).corrections ?? [];
    portal.ledger.corrections = corrections.map((row) => ({ ...row, site, project_id }));
    await open(`${projectAddress(5)}?range=7d&tz=Europe%2FBerlin`);
    const table = page.getByRole('table', { name: /^Corrections/ });
    await expectText(
      table.getByRole('row').nth(1),
      /21 Nov 09:00–10:00\s+vCPU\s+8\.00 vCPU-hours\s+0\.00 vCPU-hours\s+readings of a gap arrived\s+2026-11-21 12:24/,
    );
    await page.getByText('The latest 20. The CSV has all.').waitFor();
    const figure = page.getByRole('figure').filter({ hasText: 'vCPU' }).first();
    await figure.getByText('corrected', { exact: true }).waitFor();
    const plot = figure.locator('.u-over');
    const tipThere = async () => {
      const { width = 0 } = (await plot.boundingBox()) ?? {};
      await plot.hover({ position: { x: (width * 137.5) / 168, y: 20 } });
      return (await figure.locator('.chart-tip').allInnerTexts()).join();
    };
    await expect
      .poll(tipThere)
      .toMatch(
        /21 Nov 09:00–10:00.*corrected on 21 Nov 2026 from 8\.0* to 0\.0*: readings of a gap arrived$/s,
      );
    const numbers = page.getByRole('table', { name: 'Usage by hour, the last 7 days' });
    const corrected = numbers
      .getByRole('row', { name: /21 Nov 09:00–10:00/ })
      .getByRole('cell')
      .first();
    await expectText(corrected, /\ncorrected$/);
    await expect.poll(() => corrected.getAttribute('title')).toMatch(/, corrected on 21 Nov 2026 from 8/);
    await expectNoBarriers(page);
    expect(browser.complaints).toEqual([]);
  });

  function projectAddress(index: number): string {
    const project = portal.ledger.projects[index];
    return `#/projects/${encodeURIComponent(project?.site ?? '')}/${project?.project_id}`;
  }

  /** Tells the page that it is hidden, because a headless browser shows every tab. */
  async function setHidden(hidden: boolean): Promise<void> {
    await page.evaluate(`Object.defineProperty(document, 'hidden', { value: ${hidden}, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'))`);
  }
});

/** An expression for a custom property of the page. */
function propertyOfPage(name: string): string {
  return `getComputedStyle(document.documentElement).getPropertyValue('${name}')`;
}

function number(value: number, maximumFractionDigits: number): string {
  return new Intl.NumberFormat('en-US', { maximumFractionDigits }).format(value);
}
