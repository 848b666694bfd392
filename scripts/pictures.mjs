// `npm run pictures` writes the pictures of README.md and docs/: screenshots of the demo federation at a fixed time, and the
// drawing of scripts/flow-picture.mjs. It needs Chromium.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { createLogger } from '../src/runtime/logger.ts';
import { createFederation } from '../src/simulation/federation/federation.ts';
import { DEMO_SITES } from '../src/simulation/federation/settings.ts';
import { find } from '../test/support/requirements.mjs';
import { startBrowser } from '../test/web/browser.ts';
import { flowPicture } from './flow-picture.mjs';
import { build, install, root, say } from './prepare.mjs';

const NOW_MS = Date.UTC(2026, 9, 15, 12, 0, 20);
const HISTORY_MS = 8 * 86_400_000;
const SIZE = { width: 1180, height: 970 };

/** The pages of the pictures: who looks, the address, and a part that is there when the page is whole. */
const PAGES = [
  { name: 'overview', who: 'Grace Hopper', route: '#/?range=7d', whole: '.project-table' },
  { name: 'grant', who: 'Ada Lovelace', route: '#/grants/climate?range=7d', whole: '.project-table' },
  {
    name: 'project',
    who: 'Grace Hopper',
    link: 'a:has-text("Alembert")',
    route: '#/?range=7d',
    whole: '.bucket-table',
  },
  { name: 'access', who: 'Ada Lovelace', route: '#/access', whole: 'table' },
];

const pictures = join(root, 'docs/images');
const folder = mkdtempSync(join(tmpdir(), 'stackmeter-pictures-'));

install();
build();
mkdirSync(pictures, { recursive: true });
writeFileSync(join(pictures, 'flow.svg'), flowPicture());
const chromium = find('chromium');
if (chromium === undefined) {
  say('no Chromium is installed (apt-get install chromium): wrote only flow.svg');
  process.exit(1);
}
try {
  await withDemo(takePictures);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Runs the federation of `stackmeter demo`. Fixed seeds make its sites. */
async function withDemo(use) {
  const federation = createFederation(
    { dataFolder: folder, listen: { host: '127.0.0.1', port: 0 }, historyMs: HISTORY_MS, sites: DEMO_SITES },
    { clock: stoppedClock(), logger: createLogger({ level: 'warn' }) },
  );
  try {
    await federation.start();
    await use(`http://127.0.0.1:${federation.address.port}/`);
  } finally {
    await federation.close();
  }
}

/** Time stands still after the simulated past, so that each run shows the same numbers. */
function stoppedClock() {
  return {
    nowMs: () => NOW_MS,
    sleep: async (_, signal) => await setTimeout(2 ** 31 - 1, undefined, { signal }).catch(() => undefined),
  };
}

async function takePictures(url) {
  for (const shown of PAGES) {
    const browser = await startBrowser(chromium);
    try {
      await takePicturesOf(shown, await signedIn(browser, url, shown.who), url);
    } finally {
      await browser.close();
    }
  }
}

async function signedIn(browser, url, who) {
  const page = await browser.context.newPage();
  await page.clock.setFixedTime(NOW_MS);
  await page.setViewportSize(SIZE);
  await page.goto(url);
  await page.getByRole('link', { name: /^Sign in with/ }).click();
  await page.getByRole('button', { name: who }).click();
  await page.locator('.project-table').last().waitFor();
  await page.getByText('This page in five sentences').click();
  // The pages read the time from the Date header of each answer.
  await page.route('**/api/**', async (route) => {
    const response = await route.fetch();
    const headers = { ...response.headers(), date: new Date(NOW_MS).toUTCString() };
    await route.fulfill({ response, headers });
  });
  // The stream of events has no end.
  await page.route('**/api/v1/events', async (route) => await route.fulfill({ status: 204 }));
  return page;
}

async function takePicturesOf({ name, route, link, whole }, page, url) {
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.goto(`${url}${route}`);
    await page.reload();
    if (link !== undefined) await page.locator(link).first().click();
    await page.locator(whole).last().waitFor();
    await page.waitForLoadState('networkidle');
    await page.screenshot({ path: join(pictures, `${name}-${colorScheme}.png`) });
    say(`docs/images/${name}-${colorScheme}.png`);
  }
}
