import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { axeFindings } from '../web/axe.ts';
import { expectCount, expectText, expectTexts } from '../web/expectations.ts';
import { names, signIn, signOut } from './walk-access.ts';
import { walk } from './walk.ts';

const PAGE = 'docs/pages.md';

/** Opens the page of the project that is the first of a table at this moment. Other usage makes another order. */
async function openFirst(page: Page, projects: Locator): Promise<void> {
  const name = await projects.getByRole('link').first().innerText();
  await projects.getByRole('link', { name, exact: true }).first().click();
  await page.getByRole('heading', { level: 1, name }).waitFor();
}

export async function walkAsLead(page: Page, url: string): Promise<void> {
  const grants = page.getByRole('table', { name: 'What is left of each grant' });
  const projects = page.getByRole('table', { name: /^Projects of the grant/ });
  await walk(PAGE, 'A walk for a lead', {
    'Sign in: the overview lists your grants under _Grants_, the most urgent first.': async () => {
      await signIn(page, url, 'Ada Lovelace');
      await grants.waitFor();
      await expectTexts(grants.locator('th a'), ['climate', 'summer course']);
    },
    'The name of a grant leads to its page.': async () => {
      await grants.getByRole('link', { name: 'climate' }).click();
      await page.getByRole('heading', { level: 1, name: 'climate' }).waitFor();
    },
    '_What is left_ says how much of each resource is left, and when it runs out.': async () => {
      const left = page.getByRole('table', { name: 'What is left of each allowance' });
      await expect.poll(() => left.innerText()).toMatch(/vCPU.*left of.*\d{1,2} \w{3,4} \d{4}/s);
    },
    '_Numbers by month and site_ opens the numbers of the chart.': async () => {
      await page.getByText('Numbers by month and site').first().click();
      await page.getByRole('table', { name: 'vCPU by month and site' }).getByText('site-b').waitFor();
    },
    '_Projects_ lists the projects of the grant, and the name of a project leads to its page.': async () => {
      await openFirst(page, projects);
    },
    '_Charges_ says what its usage cost, by price, and _Total by_ leads to the page of the price book.':
      async () => {
        const charges = page.getByRole('table', { name: /^Charges of/ });
        await expectText(charges, /servers.*credits.*Total by credits/s);
        await charges.getByRole('link', { name: 'credits' }).click();
        await page.getByRole('heading', { level: 1, name: 'credits' }).waitFor();
      },
    '_What if_ has what was charged, and what one _Version_ of the book would have charged.': async () => {
      const climate = page
        .getByRole('table', { name: 'Both charges side by side' })
        .getByRole('row', { name: /^climate/ });
      await expectText(climate, /climate\s+([\d.,]+)\s+credits\s+\1\s+credits\s+0\.00/);
      await page.getByRole('combobox', { name: 'Version' }).selectOption('1');
      // The first prices were higher than those of today.
      await expectText(climate, /credits\s+(?!0\.00)[\d,]+\.\d\d$/);
    },
    '_My access_ says which roles you have, and why.': async () => {
      await page.getByRole('link', { name: 'My access' }).click();
      await page.getByRole('cell', { name: /gives lead of climate/ }).waitFor();
    },
    '_Sign out_ ends the visit, and the button "back" shows nothing of it.': async () => await signOut(page),
  });
}

/**
 * @param invite makes the invitation of a person who is a member of a grant.
 * @param everything the sites and ids of all projects.
 */
export async function walkAsMember(
  page: Page,
  url: string,
  invite: () => Promise<string>,
  everything: readonly string[],
): Promise<void> {
  const projects = page.getByRole('table', { name: /^Projects of the grant/ });
  await walk(PAGE, 'A walk for a member', {
    'Sign in before you have a role: the page says so, and what to do.': async () => {
      await signIn(page, url, 'Ibn Sina');
      await page.getByRole('heading', { name: 'You have no role here yet' }).waitFor();
    },
    'Open the link of your invitation: its button gives you the roles of this person.': async () => {
      await page.goto(await invite());
      await expect.poll(() => axeFindings(page)).toEqual([]);
      await page.getByRole('button', { name: 'I am p-2' }).click();
      await page.getByText('Signed in as Ibn Sina').waitFor();
    },
    'The overview lists your grants, and the projects of your grants only.': async () => {
      expect(await names(page, 'grants')).toEqual(['climate', 'imaging']);
      const table = page.getByRole('table', { name: /^Projects and their usage/ });
      await expectCount(table.locator('tbody tr'), 6);
      expect(await names(page, 'projects')).toHaveLength(6);
    },
    'The name of a grant leads to its page, which says what is left.': async () => {
      const grants = page.getByRole('table', { name: 'What is left of each grant' });
      await grants.getByRole('link', { name: 'climate' }).click();
      await page.getByRole('heading', { level: 1, name: 'climate' }).waitFor();
      await page.getByRole('table', { name: 'What is left of each allowance' }).waitFor();
    },
    '_Charges_ says what the usage of the grant cost, by price.': async () => {
      await expectText(
        page.getByRole('table', { name: /^Charges of/ }),
        /servers.*credits.*Total by credits/s,
      );
    },
    '_Projects_ leads to each project of the grant.': async () => {
      await openFirst(page, projects);
      await page.getByRole('heading', { name: 'Identifiers' }).waitFor();
    },
    'The address of a project of others says that it is not known.': async () => {
      const own = new Set(await names(page, 'projects'));
      const other = everything.find((project) => !own.has(project)) ?? '';
      await page.goto(`${url}/#/projects/${other.replace(' ', '/')}`);
      await page.getByRole('heading', { name: 'This project is not known' }).waitFor();
    },
    '_My access_ says of which grants you are a member, and why.': async () => {
      await page.getByRole('link', { name: 'My access' }).click();
      await page.getByRole('cell', { name: /grant climate names the person as member/ }).waitFor();
    },
  });
}

/** @param page of an operator whose sign-in leads to the overview. */
export async function walkAsOperator(page: Page): Promise<void> {
  const sites = page.getByRole('table', { name: /^Sites/ });
  const projects = page.getByRole('table', { name: /^Projects and their usage/ });
  await walk(PAGE, 'A walk for an operator', {
    'Open the overview: _Sites reporting_ says how many of the sites report.': async () => {
      await expect.poll(() => page.locator('.figures').innerText()).toMatch(/Sites reporting\s+2\s+of 2/);
    },
    '_Sites_ begins with those that have a problem, and says up to when each site is counted.': async () => {
      await expectTexts(sites.locator('tbody tr'), [
        expect.stringMatching(/^site-a\s+reporting\s.*(ago|now)/s),
        expect.stringMatching(/^site-b\s+reporting\s.*(ago|now)/s),
      ]);
    },
    '_Usage over time_ shows one resource at all sites, and which projects use it most.': async () => {
      await page.getByLabel('Resource').selectOption({ label: 'Memory' });
      const top = page.getByRole('table', { name: /^Memory by project/ });
      await expect.poll(() => top.innerText()).toMatch(/site-a.*Total/s);
    },
    '_Search projects_ finds a project by its name, id, domain or site.': async () => {
      await page.getByLabel('Search projects').fill('site-b');
      await expect.poll(() => projects.innerText()).not.toMatch(/site-a/);
    },
    'The name of a project leads to its page, with all its resources.': async () => {
      await openFirst(page, projects);
      await expect.poll(() => page.locator('canvas').count()).toBeGreaterThan(3);
    },
    '_Prices_ lists the price books, and the name of one leads to its page.': async () => {
      await page.getByRole('link', { name: 'Prices' }).click();
      await page.getByRole('table', { name: 'Price books' }).getByRole('link', { name: 'credits' }).click();
      await page.getByRole('heading', { level: 1, name: 'credits' }).waitFor();
    },
    '_Versions_ says who published which prices when and why, and what they change.': async () => {
      const versions = page.getByRole('table', { name: /^Versions/ });
      await expectText(versions.getByRole('row').nth(1), /by demo\s+power is cheaper.*1 for each .* → 0\.8/s);
    },
    '_Audit_ says who changed what, signed in, or was refused.': async () => {
      await page.getByRole('link', { name: 'Audit' }).click();
      await page
        .getByRole('table', { name: /^The audit/ })
        .getByText('sign-in')
        .first()
        .waitFor();
    },
  });
}
