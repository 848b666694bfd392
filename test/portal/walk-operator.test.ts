import { expect, it, onTestFinished } from 'vitest';
import { MINUTE, onEmbeddedPostgresql, sweep, type FreshLedger } from '../ledger/fixture.ts';
import { reading } from '../ledger/in-memory-book.ts';
import { accessPortalOn } from '../support/access-portal.ts';
import { describeWith } from '../support/describe-with.ts';
import { startBrowser } from '../web/browser.ts';
import { expectNoBarriers, expectText, expectTexts } from '../web/expectations.ts';
import { signInWithToken, walk } from './walk.ts';

const NOW_MS = Date.UTC(2026, 9, 20, 3, 15);
const ago = (minutes: number) => NOW_MS - minutes * MINUTE;
const SITES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((letter) => `site-${letter}`);
const STANDING = 'site-d';
const FAILING = 'site-f';
const REFUSED = 'site-g';
const NOT_WELL = [STANDING, FAILING, REFUSED];
const REFUSED_TOKEN = 'the gate refuses the token (401): renew it on both sides';

/** A portal at night. It has read eight sites for an hour, of which three are not all right. */
async function portalOfEightSites(freshLedger: FreshLedger) {
  const fixture = await freshLedger(SITES);
  fixture.time.nowMs = NOW_MS;
  for (const site of SITES)
    for (let minutes = 60; minutes >= 0; minutes -= 10) await readSite(fixture, site, minutes);
  return await accessPortalOn(fixture, [], []);
}

/** A sweep of a site some minutes ago. One exporter stands still, one token ends, one site sends a series that does not count. */
async function readSite(
  { ledger }: Awaited<ReturnType<FreshLedger>>,
  site: string,
  minutes: number,
): Promise<void> {
  if (site === FAILING && minutes < 20) return await ledger.recordFailure(site, ago(minutes), REFUSED_TOKEN);
  const readAtMs = ago(site === STANDING ? Math.max(minutes, 40) : minutes);
  const readings = [reading(readAtMs, readAtMs - ago(60), { projectId: site, projectName: `of ${site}` })];
  const refusals =
    site === REFUSED
      ? [{ reason: 'no time', count: 2, example: 'project_vcpu_usage{project_id="x"} 1' }]
      : [];
  await ledger.fold(site, { ...sweep(readings, refusals), receivedAtMs: ago(minutes) });
}

describeWith(['chromium'], 'an operator of eight sites', ({ chromium }) => {
  onEmbeddedPostgresql('at night', (freshLedger) => {
    it('learns from the pages which sites are not all right, since when, and what to do', async () => {
      const [portal, browser] = await Promise.all([portalOfEightSites(freshLedger), startBrowser(chromium)]);
      onTestFinished(async () => await browser.close());
      const page = await browser.context.newPage();
      await signInWithToken(page, portal, { role: 'operator' });
      const sites = page.getByRole('table', { name: 'Sites, those with problems first' }).locator('tbody tr');
      const state = page.getByRole('region', { name: /^State/ });
      await walk('docs/pages.md', 'A walk for an operator at night', {
        'An alert names no site, or several: the overview says under _Sites reporting_ how many report.':
          async () => {
            await expectText(page.locator('.figures').first(), /Sites reporting\s+5\s+of 8/);
          },
        '_Data quality_ lists all sites, those with problems first.': async () => {
          await page.getByRole('link', { name: 'Data quality' }).click();
          await expectTexts(sites.getByRole('link'), [
            ...NOT_WELL,
            ...SITES.filter((site) => !NOT_WELL.includes(site)),
          ]);
          await expectNoBarriers(page);
        },
        'Each problem has the time since when it is so, its reason, and what to do.': async () => {
          await expectText(
            sites.filter({ hasText: FAILING }),
            /failing\s+since 2026-10-20 03:05.*the gate refuses the token.*portal invite/s,
          );
          await expectText(
            sites.filter({ hasText: STANDING }),
            /failing\s+since 2026-10-20 02:35.*have not moved.*looks at its page and log/s,
          );
          await expectText(
            sites.filter({ hasText: REFUSED }),
            /failing\s+since 2026-10-20 02:15.*series were refused.*has to correct/s,
          );
        },
        'The name of a site leads to its page, which says the same under _State_.': async () => {
          await sites.getByRole('link', { name: FAILING }).click();
          await page.getByRole('heading', { level: 1, name: FAILING }).waitFor();
          await expectText(state, /since 2026-10-20 03:05.*the gate refuses the token.*What to do/s);
        },
        '_Last sweeps_ says how the portal read the site before, and when that changed.': async () => {
          const sweeps = page.getByRole('table', { name: 'How sweeps ended, the latest first' });
          await expectTexts(sweeps.locator('tbody tr'), [
            expect.stringMatching(/03:05.*\s2\s.*not read.*401/s),
            expect.stringMatching(/02:15.*\s5\s.*all counted/s),
          ]);
        },
        '_Refused series_ has an example of each reason, for the site to look at.': async () => {
          await page.getByRole('link', { name: 'Data quality' }).first().click();
          await sites.getByRole('link', { name: REFUSED }).click();
          const refusals = page.getByRole('table', { name: 'Refused series by reason' });
          await expectText(refusals, /no time\s+project_vcpu_usage\{project_id="x"\} 1\s+2\s/);
          await expectNoBarriers(page);
        },
      });
      expect(browser.complaints).toEqual([]);
    });
  });
});
