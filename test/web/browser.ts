import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext, type Page } from 'playwright-core';
import { axeFindings } from './axe.ts';

/** A browser with an empty profile of its own. */
export interface Browser {
  context: BrowserContext;
  /** Console errors and warnings, exceptions, and violations of the content security policy. */
  complaints: string[];
  close(): Promise<void>;
}

/** A page that has not followed an action by then never will, also on a busy machine. */
const HANGS_AFTER_MS = 240_000;

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** `flags` are further flags of Chromium. */
export async function startBrowser(
  executablePath: string,
  flags: string[] = [],
  locale = 'en-US',
): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), 'stackmeter-chromium-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    args: [...FLAGS, ...flags],
    locale,
    viewport: { width: 1280, height: 900 },
    timezoneId: 'Asia/Kolkata',
    timeout: HANGS_AFTER_MS,
  });
  context.setDefaultTimeout(HANGS_AFTER_MS);
  const complaints: string[] = [];
  context.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  context.on('weberror', (error) => complaints.push(String(error.error())));
  return {
    context,
    complaints,
    close: async () => {
      await context.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Whether a canvas of the page has a pixel in the colour of a custom property, such as `--series-1`. */
export async function chartHasColour(page: Page, property: string): Promise<boolean> {
  return page.evaluate(`(() => {
    const probe = document.createElement('canvas').getContext('2d');
    probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue('${property}').trim();
    probe.fillRect(0, 0, 1, 1);
    const wanted = probe.getImageData(0, 0, 1, 1).data.slice(0, 3).join();
    const canvas = document.querySelector('canvas');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    for (let i = 0; i < data.length; i += 4) if (data.slice(i, i + 3).join() === wanted && data[i + 3] === 255) return true;
    return false;
  })()`);
}

/** Barriers in a page for people who do not see the page or do not use a mouse. */
export async function barriers(page: Page): Promise<string[]> {
  const ofStructure = await page.evaluate<string[]>(`(() => {
    const found = [];
    const all = (selector) => [...document.querySelectorAll(selector)];
    const expectOne = (selector) => { if (all(selector).length !== 1) found.push('not one ' + selector); };
    ['main', 'body > div > header', 'body > div > footer', 'h1', 'html[lang]'].forEach(expectOne);
    for (const table of all('table')) if (!table.caption?.textContent.trim()) found.push('table without caption');
    for (const head of all('th')) if (!head.scope) found.push('th without scope: ' + head.textContent);
    for (const canvas of all('canvas')) if (!canvas.closest('[role=img][aria-label]')) found.push('canvas without words');
    for (const section of all('section[aria-labelledby]'))
      if (!document.getElementById(section.getAttribute('aria-labelledby'))) found.push('section without its heading');
    const ids = all('[id]').map(({ id }) => id);
    if (new Set(ids).size !== ids.length) found.push('an id twice');
    return found;
  })()`);
  return [...ofStructure, ...(await axeFindings(page))];
}
