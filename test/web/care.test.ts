import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { AccountStore } from '../../src/portal/accounts/account-store.ts';
import { createApiServer } from '../../src/portal/api/server.ts';
import type { Ledger } from '../../src/portal/ledger/ledger.ts';
import { createPortalMetrics } from '../../src/portal/metrics.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { listen } from '../../src/runtime/http/listen.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { describeWith } from '../support/describe-with.ts';
import { axeFindings } from './axe.ts';
import { startBrowser, type Browser } from './browser.ts';
import { cannedAccess, PEOPLE, seenBy } from './canned-access.ts';
import { cannedExporterPage } from './canned-exporter.ts';
import { cannedGrants } from './canned-grants.ts';
import { cannedPrices } from './canned-prices.ts';
import { cannedLedger } from './canned-ledger.ts';
import { cannedQuality } from './canned-quality.ts';
import {
  AWAY,
  OPERATOR,
  PORTAL_NOW_MS,
  startCannedPortal,
  type CannedLedger,
  type CannedPortal,
} from './canned-portal.ts';

/** A page and words of its states. Only a page with data waits for it and can be empty. */
interface PageStates {
  address: (ledger: CannedLedger) => string;
  full: string;
  /** Those beside an operator who see something else; all of them by default. */
  people?: readonly (keyof typeof PEOPLE)[];
  data?: { empty: string; late: string };
}

/** Every page. A new page gets a line. */
const PAGES: Readonly<Record<string, PageStates>> = {
  overview: {
    address: () => '#/',
    full: 'teaching-12',
    data: { empty: 'No sites yet', late: 'Reading the usage…' },
  },
  project: {
    address: ({ projects: [project] }) => `#/projects/freiburg/${project?.project_id ?? 'none'}`,
    people: ['a lead'],
    full: 'What the states mean',
    data: { empty: 'This project is not known', late: 'Reading the project…' },
  },
  grant: {
    address: () => '#/grants/climate',
    people: ['a lead', 'a site'],
    full: 'moved to imaging',
    data: { empty: 'This grant is not known', late: 'Reading the grant…' },
  },
  'price books': {
    address: () => '#/prices',
    people: ['a lead'],
    full: 'Jetstream2',
    data: { empty: 'There is no price book', late: 'Reading the price books…' },
  },
  'price book': {
    address: () => '#/prices/Jetstream2',
    people: ['a lead'],
    full: 'Prices that match nothing',
    data: { empty: 'This price book is not known', late: 'Reading the price books…' },
  },
  totals: {
    address: () => '#/totals?compare=before&by=institution',
    people: ['a lead'],
    full: 'no institution',
    data: { empty: 'No usage in the last 24 hours', late: 'Reading the usage…' },
  },
  site: {
    address: () => `#/sites/${encodeURIComponent('tübingen')}`,
    people: ['a lead', 'a site'],
    full: 'readings of a gap arrived',
    data: { empty: 'This site is not known', late: 'Reading the site…' },
  },
  quality: {
    address: () => '#/quality',
    people: ['a lead', 'a site'],
    full: 'the total fell',
    data: { empty: 'There are no sites', late: 'Reading the sites…' },
  },
  access: {
    address: () => '#/access',
    full: 'monthly bill',
    data: { empty: 'No tokens yet', late: 'Reading the tokens…' },
  },
  audit: {
    address: () => '#/audit',
    people: ['a lead', 'a funder with a token'],
    full: 'token.create',
    data: { empty: 'No rows.', late: 'Reading the audit…' },
  },
  unknown: {
    address: () => '#/elsewhere',
    people: ['somebody without a role'],
    full: 'There is no such page',
  },
};

const WITH_DATA = Object.entries(PAGES).flatMap(([name, states]) =>
  states.data === undefined ? [] : [{ name, states, ...states.data }],
);

/** Whether the element with the focus, or the text of a hidden radio button, has an outline. */
const FOCUS = `(() => {
  const { activeElement: focus, body } = document;
  const reached = (globalThis.reached ??= new Set());
  if (focus === body || reached.has(focus)) return 'end';
  reached.add(focus);
  const seen = [focus, focus.nextElementSibling].some((one) => one !== null && getComputedStyle(one).outlineStyle !== 'none');
  return seen ? 'seen' : focus.outerHTML;
})()`;

/** The parts that the keyboard should have reached: of radio buttons only the chosen one. */
const UNREACHED = `[...document.querySelectorAll('a[href], button, input, select, summary, [tabindex="0"]')]
  .filter((part) => part.checkVisibility() && !(part.type === 'radio' && !part.checked) && !globalThis.reached.has(part))
  .map((part) => part.outerHTML)`;

/** A width and a scheme, or paper, and the rules of axe-core that matter there. */
interface View {
  width: number;
  colorScheme: 'light' | 'dark';
  media?: 'print';
  rules?: string[];
}

const CONTRAST = ['color-contrast'];
const NARROW: View = { width: 360, colorScheme: 'light' };
const ON_SCREEN: readonly View[] = [
  NARROW,
  { width: 360, colorScheme: 'dark', rules: CONTRAST },
  { width: 1440, colorScheme: 'light' },
  { width: 1440, colorScheme: 'dark', rules: CONTRAST },
];
// Paper of A4 is as wide, and light in every scheme.
const VIEWS: readonly View[] = [
  ...ON_SCREEN,
  { width: 794, colorScheme: 'dark', media: 'print', rules: CONTRAST },
];
/** A state has few words of its own. */
const VIEWS_OF_STATES = [NARROW, { width: 1440, colorScheme: 'dark', rules: CONTRAST }] as const;

const NOTHING: CannedLedger = { sites: [], projects: [], usage: [] };

/** The parts that one would click on, and sees on paper. */
const TO_CLICK = `[...document.querySelectorAll('nav, select, input, summary, .download, .more, .pager')]
  .filter((part) => part.checkVisibility()).map((part) => part.outerHTML)`;

/** A failure, and what the page says of it. */
const FAILURES = [
  [{ status: 400, error: 'tz: too far' }, /^The portal refuses this question: tz: too far\.$/],
  [
    { status: 403, error: 'you may not' },
    /^You may not read this: you may not\. Ask an operator of this portal for a role\.$/,
  ],
  [AWAY, /^No answer since .* UTC: the database does not answer\. This page keeps trying\. Try now$/],
] as const;

describeWith(['chromium'], 'care for readers', ({ chromium }) => {
  let webRoot: string;
  let browser: Browser;
  let portal: CannedPortal;
  let page: Page;
  let ledger: CannedLedger;
  let opened = 0;

  beforeAll(async () => {
    webRoot = await mkdtemp(join(tmpdir(), 'stackmeter-web-'));
    await build({ root: 'web', logLevel: 'error', build: { outDir: webRoot } });
    browser = await startBrowser(chromium);
    page = await browser.context.newPage();
    await page.clock.setFixedTime(PORTAL_NOW_MS);
    const usage = cannedLedger(PORTAL_NOW_MS, 1);
    const projects = usage.projects.slice(0, 14);
    ledger = {
      ...usage,
      projects,
      ...cannedAccess(PORTAL_NOW_MS),
      ...cannedQuality(PORTAL_NOW_MS),
      grants: cannedGrants(usage),
      ...(await cannedPrices()),
    };
    portal = await startCannedPortal(webRoot, ledger);
  });

  beforeEach(() => void Object.assign(portal, { me: OPERATOR, data: 'there', ledger }));

  afterAll(async () => {
    await browser?.close();
    await portal?.close();
    await rm(webRoot, { recursive: true, force: true });
  });

  it.each(Object.entries(PAGES))('%s has no barriers, for anyone', async (_name, states) => {
    await open(states, states.full);
    await expectNoBarriers(VIEWS);
    for (const [who, me] of Object.entries(PEOPLE)) {
      if (states.people !== undefined && !states.people.includes(who)) continue;
      Object.assign(portal, { me, ledger: seenBy(me, ledger) });
      await open(states);
      await expectNoBarriers([NARROW]);
    }
  });

  it.each(WITH_DATA)(
    '$name has no barriers while it is empty, waits, or fails',
    async ({ states, empty, late }) => {
      portal.ledger = NOTHING;
      await open(states, empty);
      await expectNoBarriers(VIEWS_OF_STATES);
      Object.assign(portal, { ledger, data: 'late' });
      await open(states, late);
      await expectNoBarriers(VIEWS_OF_STATES);
      portal.data = AWAY;
      await open(states, AWAY.error);
      await expectNoBarriers(VIEWS_OF_STATES);
    },
  );

  it.each(FAILURES)('a failure says what it means: %o', async (failure, words) => {
    portal.data = failure;
    await open(PAGES['totals'] as PageStates, failure.error);
    await expect.poll(() => page.locator('.notice').innerText()).toMatch(words);
    await expectNoBarriers(VIEWS_OF_STATES);
  });

  it('who is signed out is led to the sign-in, and back to the page', async () => {
    portal.data = { status: 401, error: 'sign in' };
    await page.goto(`${portal.url}#/totals`);
    await expect.poll(() => page.url()).toMatch(/\/sign-in\?return_to=%2F%23%2Ftotals$/);
  });

  it('the pages of the API and of the exporter have no barriers', async () => {
    const server = await createApiServer({
      ledger: {} as Ledger,
      accounts: {} as AccountStore,
      clock: systemClock,
      metrics: createPortalMetrics(),
      logger: silentLogger(),
    });
    try {
      const { port } = await listen(server.server, { host: '127.0.0.1', port: 0 });
      await page.goto(`http://127.0.0.1:${port}/api/`);
      await page.locator('summary').first().click();
      // It is the largest page by far.
      await expectNoBarriers(VIEWS_OF_STATES);
    } finally {
      await server.close();
    }
    await page.goto('about:blank');
    await page.setContent(cannedExporterPage(PORTAL_NOW_MS));
    await expectNoBarriers(ON_SCREEN);
  });

  it('the keyboard reaches everything, and the focus is seen', async () => {
    for (const states of Object.values(PAGES)) {
      await open(states, states.full);
      const found = [];
      do {
        await page.keyboard.press('Tab');
        found.push(await page.evaluate<string>(FOCUS));
      } while (found.at(-1) !== 'end' && found.length < 200);
      expect(found.filter((focus) => focus !== 'seen')).toEqual(['end']);
      expect(await page.evaluate(UNREACHED)).toEqual([]);
    }
  });

  it('a screen reader hears when the numbers of another period are there', async () => {
    for (const name of ['overview', 'project', 'grant', 'totals']) {
      const states = PAGES[name] as PageStates;
      await open(states, states.full);
      await page.getByRole('radio', { name: '24 hours' }).press('ArrowRight');
      const heard = page.getByRole('status').filter({ hasText: /^Usage (by \w+ )?of the last 7 days$/ });
      await expect.poll(() => heard.count()).toBe(1);
    }
  });

  it('dates and numbers are written as in German, for a reader of German', async () => {
    const german = await startBrowser(chromium, [], 'de-DE');
    try {
      const grant = await german.context.newPage();
      await grant.goto(`${portal.url}#/grants/climate`);
      const shown = async () => await grant.locator('main').innerText();
      await expect.poll(shown).toMatch(/1\.600.*1\. Jan\. 2026 to 31\. Dez\. 2026/s);
    } finally {
      await german.close();
    }
  });

  async function open({ address }: PageStates, words?: string): Promise<void> {
    opened += 1;
    await page.goto(`${portal.url}?${opened}${address(ledger)}`);
    if (words === undefined) await page.locator('h1').waitFor();
    else await page.locator('main').getByText(words).first().waitFor();
    const busy = page.locator('[aria-busy=true]');
    await expect.poll(async () => portal.data === 'late' || (await busy.count()) === 0).toBe(true);
  }

  async function expectNoBarriers(views: readonly View[]): Promise<void> {
    for (const { width, colorScheme, media = 'screen', rules } of views) {
      const message = `${media} in ${colorScheme} colours, ${width} px`;
      await page.emulateMedia({ colorScheme, media });
      await page.setViewportSize({ width, height: 900 });
      await expect.poll(() => page.evaluate('document.documentElement.scrollWidth'), { message }).toBe(width);
      const clickable = async () => (media === 'print' ? await page.evaluate<string[]>(TO_CLICK) : []);
      await expect
        .poll(async () => [...(await axeFindings(page, rules)), ...(await clickable())], { message })
        .toEqual([]);
    }
    await page.emulateMedia({ media: 'screen' });
  }
});
