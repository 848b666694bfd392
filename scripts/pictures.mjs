// `npm run pictures` writes the pictures of README.md: screenshots of the demo federation at a fixed time, and the
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
  const browser = await startBrowser(chromium);
  try {
    const page = await browser.context.newPage();
    await page.clock.setFixedTime(NOW_MS);
    await page.setViewportSize(SIZE);
    await page.goto(url);
    await page.getByRole('link', { name: /^Sign in with/ }).click();
    await page.getByRole('button', { name: 'Grace Hopper' }).click();
    await page.locator('.project-table').last().waitFor();
    // The pages read the time from the Date header of each answer.
    await page.route('**/api/**', async (route) => {
      const response = await route.fetch();
      const headers = { ...response.headers(), date: new Date(NOW_MS).toUTCString() };
      await route.fulfill({ response, headers });
    });
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.goto(`${url}#/?range=7d`);
      await page.reload();
      await page.locator('.project-table').last().waitFor();
      await page.screenshot({ path: join(pictures, `overview-${colorScheme}.png`) });
      say(`docs/images/overview-${colorScheme}.png`);
    }
  } finally {
    await browser.close();
  }
}
