import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, it, onTestFinished, vi } from 'vitest';
import { reportCommand } from '../../src/cli/report/report.ts';
import { grantsFile } from '../../src/portal/accounts/grants/documents.ts';
import { HOUR, onEmbeddedPostgresql, sweep, type FreshLedger } from '../ledger/fixture.ts';
import { reading } from '../ledger/in-memory-book.ts';
import { accessPortalOn } from '../support/access-portal.ts';
import { describeWith } from '../support/describe-with.ts';
import { temporaryFolder } from '../support/processes.ts';
import { startBrowser } from '../web/browser.ts';
import { expectNoBarriers } from '../web/expectations.ts';
import { signInWithToken, walk } from './walk.ts';

/** The last two days of the first quarter, and the first two of the second one. */
const TURN_MS = Date.UTC(2026, 3);
const [BEFORE, AFTER] = [0, 1];
const USED_HOURS = 48;

/** A project of each site with its grant, and its vCPUs before and after the turn of the quarter. */
const PROJECTS = [
  { site: 'site-a', id: 'c1', grant: 'climate', account: 'university', vcpus: [2, 7] },
  { site: 'site-b', id: 'i1', grant: 'imaging', account: 'institute', vcpus: [3, 5] },
];

const FILE = {
  account: [
    { name: 'university', institution: 'Example University' },
    { name: 'institute', institution: 'Example Institute' },
  ],
  grant: PROJECTS.map(({ site, id, grant, account }) => ({
    name: grant,
    account,
    from: '2026-01-01',
    to: '2027-01-01',
    projects: [{ site, id }],
  })),
};

/** A portal in October with usage of both quarters. */
async function portalOfQuarters(freshLedger: FreshLedger) {
  const fixture = await freshLedger(PROJECTS.map(({ site }) => site));
  fixture.time.nowMs = Date.UTC(2026, 9, 20, 12, 15);
  for (const [index, { site, id }] of PROJECTS.entries()) {
    const [first, second] = [amountOf(index, BEFORE), amountOf(index, AFTER)];
    for (const [turns, total] of [0, first, first + second].entries()) {
      const atMs = TURN_MS + (turns - 1) * USED_HOURS * HOUR;
      const vcpu = reading(atMs, total * HOUR, { projectId: id, projectName: `project ${id}` });
      const memory = { ...vcpu, resource: 'mb', total: vcpu.total * 2048n };
      await fixture.ledger.fold(site, sweep([vcpu, memory]));
    }
  }
  const portal = await accessPortalOn(fixture, [], []);
  await portal.accounts.apply(grantsFile.parse(FILE), { author: 'root', origin: 'command' });
  return portal;
}

/** The vCPU-hours of a project in a quarter. */
function amountOf(project: number, quarter: number): number {
  return (PROJECTS[project]?.vcpus[quarter] ?? 0) * USED_HOURS;
}

/** Runs `stackmeter` with the words of a sentence; returns what it prints. */
async function report(words: readonly string[]): Promise<string> {
  const said = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    await reportCommand().parseAsync(words, { from: 'user' });
    return said.mock.calls.map(([text]) => String(text)).join('');
  } finally {
    said.mockRestore();
  }
}

/** The amounts of institutions in a CSV that a link of the page leads to. */
async function csvOf(page: Page, url: string, name: string): Promise<Record<string, number>> {
  const address = await page.getByRole('link', { name, exact: true }).getAttribute('href');
  const [head = '', ...lines] = (await (await page.request.get(`${url}/${address}`)).text())
    .trim()
    .split('\r\n');
  const columns = head.replace('\ufeff', '').split(',');
  const cell = (line: string, column: string) => line.split(',')[columns.indexOf(column)] ?? '';
  return Object.fromEntries(lines.map((line) => [cell(line, 'institution'), Number(cell(line, 'amount'))]));
}

describeWith(['chromium'], 'a funder', ({ chromium }) => {
  onEmbeddedPostgresql('with three quarters', (freshLedger) => {
    it('has an answer to the question of the docs, on the pages, on paper and in Excel', async () => {
      const [portal, browser] = await Promise.all([portalOfQuarters(freshLedger), startBrowser(chromium)]);
      onTestFinished(async () => await browser.close());
      const page = await browser.context.newPage();
      const { url } = portal;
      const secret = await signInWithToken(page, portal, { role: 'auditor' });
      const rows = page.getByRole('table', { name: /^vCPU by institution/ }).locator('tbody tr');
      const expectRows = async (...patterns: RegExp[]) =>
        await expect
          .poll(async () => await rows.allInnerTexts())
          .toEqual(patterns.map((pattern) => expect.stringMatching(pattern)));
      const compared = [
        /^Example University\s+336\b.*58\.3%.*\s96\b.*\+240\b.*\+250%/s,
        /^Example Institute\s+240\b.*41\.7%.*\s144\b.*\+96\b.*\+66\.7%/s,
      ];
      await walk('docs/pages.md', 'A walk for a funder', {
        'Open _Totals_, and choose by _institution_.': async () => {
          await page.getByRole('link', { name: 'Totals' }).click();
          await page.getByRole('combobox', { name: 'By', exact: true }).selectOption('institution');
          await page.getByRole('heading', { name: /^Usage by institution/ }).waitFor();
        },
        'Choose _last quarter_ under _Calendar_, and `‹` until the page says Q2 2026.': async () => {
          await page.getByLabel('Calendar').selectOption('last-quarter');
          await page.getByRole('button', { name: 'Earlier' }).click();
          await page.getByRole('heading', { name: 'Usage by institution Q2 2026' }).waitFor();
        },
        'Choose the resource _vCPU_: a line for each institution has its vCPU-hours and its share.':
          async () => {
            await page.getByLabel('Resource').selectOption({ label: 'vCPU' });
            await page.getByRole('columnheader', { name: 'Used vCPU-hours' }).waitFor();
            await expectRows(/^Example University\s.*58\.3%/s, /^Example Institute\s.*41\.7%/s);
          },
        'Compare with _the time before_: each line has both quarters, and the change as an amount and in per cent.':
          async () => {
            await page.getByLabel('Compare with').selectOption({ label: 'the time before' });
            await expectRows(...compared);
            await expectNoBarriers(page);
          },
        'The address of the page keeps the question: it shows the same to everyone who may read it.':
          async () => {
            const question = 'range=2026-Q2&compare=before&by=institution&resource=vcpu';
            await expect.poll(() => page.url()).toBe(`${url}/#/totals?${question}`);
            await page.reload();
            await expectRows(...compared);
          },
        '_CSV_ and _CSV of the time before_ have the numbers of both quarters.': async () => {
          const both = [await csvOf(page, url, 'CSV'), await csvOf(page, url, 'CSV of the time before')];
          expect(both).toEqual(
            [AFTER, BEFORE].map((quarter) => ({
              'Example University': amountOf(0, quarter),
              'Example Institute': amountOf(1, quarter),
            })),
          );
        },
        'On paper, the page has the chart and the table, and nothing to click.': async () => {
          await page.emulateMedia({ media: 'print' });
          const isShown = async (parts: string) => await page.locator(parts).first().isVisible();
          await expect
            .poll(async () => [await isShown('canvas'), await isShown('.totals-table')])
            .toEqual([true, true]);
          await expect
            .poll(async () => [await isShown('.controls'), await isShown('.download')])
            .toEqual([false, false]);
          expect((await page.pdf()).subarray(0, 5).toString()).toBe('%PDF-');
        },
        '`stackmeter report 2026-Q2 --by institution --resource vcpu --compare --output q2.xlsx` makes a workbook of Excel with the same numbers.':
          async () => {
            const folder = temporaryFolder();
            writeFileSync(join(folder, 'token'), secret);
            const words = '2026-Q2 --by institution --resource vcpu --compare'.split(' ');
            const asked = [...words, '--portal', url, '--token-file', join(folder, 'token')];
            await report([...asked, '--output', join(folder, 'q2.xlsx')]);
            expect(readFileSync(join(folder, 'q2.xlsx')).subarray(0, 2).toString()).toBe('PK');
            const lines = (await report(asked)).split('\n').map((line) => line.split(/ {2,}/));
            expect(lines.slice(3, 5).map((cells) => cells.slice(0, 4))).toEqual([
              ['Example Institute', '240.00', 'vCPU-hours', '144.00'],
              ['Example University', '336.00', 'vCPU-hours', '96.00'],
            ]);
          },
      });
      expect(browser.complaints).toEqual([]);
    });
  });
});
