/**
 * Measures the overview in Chromium: `npx tsx bench/pages.ts [PROJECTS]`. Portals with 100 and with PROJECTS (10,000)
 * projects, three resources each, take turns. Their last three days are not packed, so the last 24 hours cost most. Each time
 * is from the address, click or key to the rows on the page. The sums for the first rows are made then, and the browser has
 * the page's files from the turn before.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import type { Page } from 'playwright-core';
import { build } from 'vite';
import { AccountStore } from '../src/portal/accounts/account-store.ts';
import { createApiServer } from '../src/portal/api/server.ts';
import { openDatabase } from '../src/portal/database/database.ts';
import { EmbeddedDatabase } from '../src/portal/database/embedded/embedded-database.ts';
import { openLedger } from '../src/portal/ledger/store/open-ledger.ts';
import { createPortalMetrics } from '../src/portal/metrics.ts';
import { listen } from '../src/runtime/http/listen.ts';
import { silentLogger } from '../src/runtime/logger.ts';
import { find } from '../test/support/requirements.mjs';
import { startBrowser } from '../test/web/browser.ts';
import { record, spreadOf } from './figures.ts';
import { END_MS, yearOfUsage } from './year-of-usage.ts';

const FEW = 100;
const MANY = Number(process.argv[2] ?? 10_000);
const TURNS = 9;
const logger = silentLogger();

/** Longer than the portal keeps sums. All turns together are less than an hour. */
const BETWEEN_TURNS_MS = 61_000;

interface OpenPortal {
  url: string;
  /** Lets the sums that the portal has made grow old. */
  wait(): void;
}

/** Ends what this benchmark has started, the last one first. */
const closing: (() => Promise<void> | void)[] = [];

function temporaryFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `stackmeter-${name}-`));
  closing.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function openPortal(projects: number, webFolder: string): Promise<OpenPortal> {
  const database = new EmbeddedDatabase({ dataFolder: temporaryFolder('bench'), logger });
  closing.push(() => database.close());
  const connection = await database.start();
  let nowMs = END_MS;
  const clock = { nowMs: () => nowMs, sleep: async () => undefined };
  const store = await openDatabase(connection, logger);
  const ledger = await openLedger({ database: store, clock, logger });
  closing.push(() => ledger.close());
  await ledger.declareSites([{ name: 'a', labels: {} }]);
  const client = new Client(connection);
  await client.connect();
  for (const statement of yearOfUsage(projects)) await client.query(statement);
  await client.end();
  const accounts = new AccountStore({ database: store, clock });
  const parts = { ledger, accounts, metrics: createPortalMetrics(), clock, logger, webFolder };
  const server = await createApiServer(parts);
  closing.push(() => server.close());
  // The pages take the time from here.
  server.server.prependListener('request', (_request, response) =>
    response.setHeader('date', new Date(nowMs).toUTCString()),
  );
  const { port } = await listen(server.server, { host: '127.0.0.1', port: 0 });
  return {
    url: `http://127.0.0.1:${port}/`,
    wait: () => (nowMs += BETWEEN_TURNS_MS),
  };
}

/** Keeps the instants, from the start of the page, at which rows of projects and the chart appear. */
const WATCH = `
  globalThis.seen = {};
  new MutationObserver(() => {
    if (document.querySelector('.project-table tbody tr')) seen.rows ??= performance.now();
    if (document.querySelector('.chart canvas')) seen.chart ??= performance.now();
  }).observe(document, { childList: true, subtree: true });`;

/** The milliseconds from an action to the next other first row. */
async function untilOtherRows(page: Page, action: string): Promise<number> {
  return await page.evaluate(`new Promise((resolve) => {
    const firstRow = () => document.querySelector('.project-table tbody tr th')?.textContent;
    const before = firstRow();
    const startMs = performance.now();
    const observer = new MutationObserver(() => {
      if (firstRow() === before) return;
      observer.disconnect();
      requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - startMs)));
    });
    observer.observe(document.querySelector('main'), { childList: true, subtree: true, characterData: true });
    ${action}
  })`);
}

const sortBy = (label: string) =>
  `[...document.querySelectorAll('.project-table .sort')].find((button) => button.textContent.startsWith('${label}')).click();`;
const NEXT = `document.querySelector('nav[aria-label="Pages of projects"] button:last-of-type').click();`;
const searchFor = (text: string) => `
  const field = document.querySelector('input[type=search]');
  field.value = '${text}';
  field.dispatchEvent(new Event('input', { bubbles: true }));`;

type Times = Record<string, number>;

async function turn(page: Page, portal: OpenPortal): Promise<Times> {
  portal.wait();
  await page.goto(portal.url);
  for (const part of ['.project-table tbody tr', '.chart canvas']) await page.locator(part).first().waitFor();
  const { rows, chart } = await page.evaluate<{ rows: number; chart: number }>('seen');
  const sorted = await untilOtherRows(page, sortBy('Memory'));
  const next = await untilOtherRows(page, NEXT);
  const filtered = await untilOtherRows(page, searchFor('project 7'));
  await page.goto('about:blank');
  return {
    'first rows of the overview': rows,
    'chart of the overview': chart,
    'another order': sorted,
    'the next page': next,
    'a search': filtered,
  };
}

const GOALS: Readonly<Times> = { 'first rows of the overview': 1_000 };

function report(few: readonly Times[], many: readonly Times[]): void {
  process.stdout.write(
    `| ms from the address, click or key | ${FEW} projects | ${MANY} projects | ratio |\n| --- | --- | --- | --- |\n`,
  );
  for (const name of Object.keys(many[0] ?? {})) {
    const [one, other] = [few, many].map((turns) => turns.map((times) => times[name] ?? Number.NaN));
    if (one === undefined || other === undefined) continue;
    const [least, most] = [spreadOf(one), spreadOf(other)];
    const cell = ({ median, least: from, greatest }: typeof least) =>
      `${median.toFixed(0)} (${from.toFixed(0)} to ${greatest.toFixed(0)})`;
    process.stdout.write(
      `| ${name} | ${cell(least)} | ${cell(most)} | ${(most.median / least.median).toFixed(1)} |\n`,
    );
    const figure = { name: `${name}, ${MANY} projects`, unit: 'ms' as const, values: other };
    const goal = GOALS[name];
    record(
      goal === undefined
        ? { ...figure, peer: { name: `${FEW} projects`, values: one } }
        : { ...figure, goal },
    );
  }
}

async function measure(chromium: string): Promise<void> {
  const webFolder = temporaryFolder('web');
  await build({ root: 'web', logLevel: 'error', build: { outDir: webFolder } });
  const portals = [await openPortal(FEW, webFolder), await openPortal(MANY, webFolder)];
  const browser = await startBrowser(chromium);
  closing.push(() => browser.close());
  const page = await browser.context.newPage();
  await page.addInitScript(WATCH);
  const times: [Times[], Times[]] = [[], []];
  for (let count = 0; count <= TURNS; count += 1)
    for (const [index, portal] of portals.entries()) {
      const measured = await turn(page, portal);
      // The first turn warms up.
      if (count > 0) times[index]?.push(measured);
    }
  report(...times);
}

const chromium = find('chromium');
if (chromium === undefined) throw new Error('there is no chromium: apt-get install chromium');
try {
  await measure(chromium);
} finally {
  for (const close of closing.toReversed()) await close();
}
