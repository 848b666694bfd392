import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { axeFindings } from '../web/axe.ts';
import type { Browser } from '../web/browser.ts';
import { expectNoBarriers } from '../web/expectations.ts';

/** Signs a person of the demo in, who opens this address. */
export async function signIn(page: Page, address: string, name: string): Promise<void> {
  await page.goto(address);
  await page.getByRole('link', { name: /^Sign in with/ }).click();
  await page.getByRole('button', { name }).click();
}

/** Signs the person of a page out. The button "back" then shows nothing but the sign-in. */
export async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await page.getByRole('heading', { name: 'Signed out' }).waitFor();
  await expect.poll(() => axeFindings(page)).toEqual([]);
  await page.goBack();
  await page.getByRole('link', { name: /^Sign in with/ }).waitFor();
  await expect.poll(() => axeFindings(page)).toEqual([]);
}

/** Walks through the demo as a lead, as a site, and as an auditor. */
export async function walkAccess(url: string, { context, complaints }: Browser): Promise<void> {
  const page = await context.newPage();
  page.on('dialog', (dialog) => void dialog.accept());
  await beLead(page, url);
  await beSite(page, url);
  await beAuditor(page, url);
  await page.close();
  // The browser itself complains of answers that nobody is signed in, or that there is no such grant.
  expect(complaints.splice(0).filter((text) => !/ status of 40[14] /.test(text))).toEqual([]);
}

/**
 * The sites, grants or projects of an answer of the API, as the browser gets it with its session, or with a token; the
 * status of another answer.
 */
export async function names(page: Page, path: string, token?: string): Promise<string[]> {
  const options =
    token === undefined ? {} : { credentials: 'omit', headers: { authorization: `Bearer ${token}` } };
  return await page.evaluate<string[]>(
    `fetch('/api/v1/${path}', ${JSON.stringify(options)}).then(async (answer) => answer.ok
       ? (await answer.json()).data.map(({ name, site, project_id }) => name ?? site + ' ' + project_id)
       : [String(answer.status)])`,
  );
}

/** A lead comes back to the page of the grant, sees own grants only, and makes a token that works until it is revoked. */
async function beLead(page: Page, url: string): Promise<void> {
  await signIn(page, `${url}/#/grants/climate`, 'Ada Lovelace');
  await page.getByRole('heading', { level: 1, name: 'climate' }).waitFor();
  expect(await names(page, 'grants')).toEqual(['climate', 'summer course']);
  expect(await names(page, 'projects')).toHaveLength(6);
  await page.goto(`${url}/#/grants/imaging`);
  await page.getByText('This grant is not known').waitFor();
  await page.getByRole('link', { name: 'My access' }).click();
  await page
    .getByRole('cell', { name: /groups includes "grants\/\{grant\}" gives lead of climate/ })
    .waitFor();
  await expectNoBarriers(page);
  await page.getByLabel('Program that will use it').fill('a script');
  await page.getByRole('button', { name: 'Make the token' }).click();
  const token = await page.locator('.secret code').innerText();
  expect(await names(page, 'grants', token)).toEqual(['climate']);
  const row = page.getByRole('row', { name: /a script/ });
  await row.getByRole('button', { name: /Revoke/ }).click();
  await row.waitFor({ state: 'detached' });
  expect(await page.evaluate('document.activeElement.id')).toBe('tokens-heading');
  expect(await names(page, 'grants', token)).toEqual(['401']);
  await signOut(page);
}

/** A site sees itself with its health, and its part of a grant over two sites, without the balance. */
async function beSite(page: Page, url: string): Promise<void> {
  await signIn(page, url, 'Hedy Lamarr');
  await page.getByRole('table', { name: /^Sites/ }).waitFor();
  expect(await names(page, 'sites')).toEqual(['site-a']);
  await page.goto(`${url}/#/grants/climate`);
  await page.getByRole('heading', { level: 1, name: 'climate' }).waitFor();
  await page.getByText('About this grant').waitFor();
  expect(await page.locator('main').innerText()).not.toMatch(/site-b|What is left|Ada Lovelace|NaN|null/);
  await page.goto(`${url}/#/audit`);
  await page.getByRole('heading', { name: 'You may not read the audit' }).waitFor();
  await signOut(page);
}

/** An auditor sees everything, and the audit with what the others did. */
async function beAuditor(page: Page, url: string): Promise<void> {
  await signIn(page, url, 'Luca Pacioli');
  await page.getByRole('link', { name: 'Audit' }).click();
  const audit = page.getByRole('table', { name: /^The audit/ });
  await audit.getByText('/api/v1/tokens').first().waitFor();
  await expectNoBarriers(page);
  await signOut(page);
}
