// What a page shows once it has followed an action: it does so a moment later, so nothing is read only once.
import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { barriers } from './browser.ts';

export async function expectText(locator: Locator, pattern: RegExp): Promise<void> {
  await expect.poll(() => locator.innerText()).toMatch(pattern);
}

/** @param texts the whole list, or a matcher of it. */
export async function expectTexts(locator: Locator, texts: unknown): Promise<void> {
  await expect.poll(() => locator.allInnerTexts()).toEqual(texts);
}

export async function expectCount(locator: Locator, count: number): Promise<void> {
  await expect.poll(() => locator.count()).toBe(count);
}

export async function expectTitle(locator: Locator, title: string): Promise<void> {
  await expect.poll(() => locator.getAttribute('title')).toBe(title);
}

export async function expectAddress(page: Page, pattern: RegExp): Promise<void> {
  await expect.poll(() => page.url()).toMatch(pattern);
}

/** @param property an expression about the page, such as `document.title`. */
export async function expectInPage(page: Page, property: string, value: unknown): Promise<void> {
  await expect.poll(() => page.evaluate(property)).toBe(value);
}

export async function expectNoBarriers(page: Page): Promise<void> {
  await expect.poll(() => barriers(page)).toEqual([]);
}

/** Gives the page a width, which it must not exceed. */
export async function expectToFit(page: Page, width: number): Promise<void> {
  await page.setViewportSize({ width, height: 740 });
  await expectInPage(page, 'document.documentElement.scrollWidth', width);
}
