import { createServer } from 'node:http';
import type { BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest';
import { closeServer, listen } from '../../src/runtime/http/listen.ts';
import { onEmbeddedPostgresql } from '../ledger/fixture.ts';
import { portalWithProviders } from '../support/access-portal.ts';
import { describeWith } from '../support/describe-with.ts';
import { signedByOther, type Tampering } from '../support/identity-provider.ts';
import { startBrowser } from '../web/browser.ts';

/** Leads to this machine, as a name of an attacker would (DNS rebinding). */
const EVIL = 'evil.example';

describeWith(['chromium'], 'a sign-in in Chromium', ({ chromium }) => {
  let context: BrowserContext;
  let thief: BrowserContext;
  const closing: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    const flags = [`--host-resolver-rules=MAP ${EVIL} 127.0.0.1`];
    const [own, other] = await Promise.all([startBrowser(chromium, flags), startBrowser(chromium)]);
    closing.push(
      async () => await own.close(),
      async () => await other.close(),
    );
    [context, thief] = [own.context, other.context];
  });
  beforeEach(async () => {
    for (const browser of [context, thief]) await browser.clearCookies();
  });
  afterAll(async () => {
    for (const close of closing) await close();
  });

  const pageOf = async (browser: BrowserContext) => browser.pages().at(-1) ?? (await browser.newPage());

  const statusOf = async (browser: BrowserContext, url: string) =>
    (await (await pageOf(browser)).goto(url))?.status();

  /** A page that asks nothing by itself: the others go to the sign-in once an answer says that nobody is signed in. */
  const quietPage = async (browser: BrowserContext, url: string) => {
    expect(await statusOf(browser, `${url}/healthz`)).toBe(200);
    return await pageOf(browser);
  };

  const isSignedIn = async (browser: BrowserContext, url: string) => {
    const page = await quietPage(browser, url);
    return (await page.evaluate<number>(`fetch('/api/v1/me').then(({ status }) => status)`)) === 200;
  };

  /** Follows redirects with the cookies of the browser up to the answer of the provider, which it does not open. */
  async function answerOf({ request }: BrowserContext, url: string, name = 'a'): Promise<URL> {
    let address = `${url}/sign-in/to/${name}`;
    while (!address.includes('/sign-in/callback/')) {
      const location = (await request.get(address, { maxRedirects: 0 })).headers()['location'];
      if (location === undefined) throw new Error(`${address} leads nowhere`);
      address = new URL(location, address).href;
    }
    return new URL(address);
  }

  onEmbeddedPostgresql('at real providers', (freshLedger) => {
    it('takes one answer once: with its own state, in its own browser, from the provider that was asked', async () => {
      const { portal, providers } = await portalWithProviders(await freshLedger(), ['a', 'b']);
      const changed = (answer: URL, key: string, value: string) => {
        const url = new URL(answer);
        url.searchParams.set(key, value);
        return url.href;
      };
      const answer = await answerOf(context, portal.url);
      expect(await statusOf(thief, answer.href)).toBe(400);
      expect(await statusOf(context, changed(answer, 'state', 'x'.repeat(43)))).toBe(400);
      const mixed = await answerOf(context, portal.url);
      expect(await statusOf(context, mixed.href.replace('/callback/a', '/callback/b'))).toBe(400);
      const misled = await answerOf(context, portal.url);
      expect(await statusOf(context, changed(misled, 'iss', providers[1]?.issuer ?? ''))).toBe(400);
      expect(await isSignedIn(context, portal.url)).toBe(false);
      const good = await answerOf(context, portal.url);
      await statusOf(context, good.href);
      expect(await isSignedIn(context, portal.url)).toBe(true);
      expect(await statusOf(context, good.href)).toBe(400);
      expect(await isSignedIn(thief, portal.url)).toBe(false);
    });

    it('refuses an ID token with another nonce, from the past, or of another key', async () => {
      const { portal, providers } = await portalWithProviders(await freshLedger(), ['a']);
      const past = Math.floor(Date.now() / 1000) - 90;
      const bad: Record<string, Tampering> = {
        'another nonce': async (claims, sign, key) => await sign({ ...claims, nonce: 'other' }, key),
        'from the past': async (claims, sign, key) => await sign({ ...claims, exp: past }, key),
        'of another key': async (claims, _sign, key) => await signedByOther(claims, key),
      };
      for (const [what, tamper] of Object.entries(bad)) {
        Object.assign(providers[0] ?? {}, { tamper });
        expect([what, await statusOf(context, `${portal.url}/sign-in/to/a`)]).toEqual([what, 400]);
        expect(await isSignedIn(context, portal.url)).toBe(false);
      }
    });

    it('ends at the portal wherever its link wants to lead, with a session that nobody has chosen', async () => {
      const { portal } = await portalWithProviders(await freshLedger(), ['a']);
      const chosen = 'A'.repeat(43);
      for (const target of [`//${EVIL}/`, `/\\${EVIL}/`, `https://${EVIL}/`, `/%09/${EVIL}/`]) {
        await context.addCookies([{ name: 'stackmeter', value: chosen, url: portal.url }]);
        await statusOf(context, `${portal.url}/sign-in/to/a?return_to=${encodeURIComponent(target)}`);
        expect(new URL((await pageOf(context)).url()).origin).toBe(portal.url);
        expect(await isSignedIn(context, portal.url)).toBe(true);
        const session = (await context.cookies(portal.url)).find(({ name }) => name === 'stackmeter');
        expect(session).toMatchObject({ httpOnly: true, sameSite: 'Lax', path: '/' });
        expect(session?.value).not.toBe(chosen);
      }
    });

    it('cannot be used by a page of another origin, nor under a name that leads here', async () => {
      const { portal, port } = await portalWithProviders(await freshLedger(), ['a']);
      const body = JSON.stringify({ name: 'evil', roles: [{ role: 'operator' }] });
      const evil = createServer((_request, response) =>
        response.setHeader('content-type', 'text/html').end(`
          <form method="post" action="${portal.url}/sign-out"><input name="everywhere" value="true" /></form>
          <script>
            const options = { method: 'POST', credentials: 'include', mode: 'no-cors', body: ${JSON.stringify(body)} };
            fetch('${portal.url}/api/v1/tokens', options).finally(() => document.forms[0].submit());
          </script>`),
      );
      const { port: evilPort } = await listen(evil, { host: '127.0.0.1', port: 0 });
      onTestFinished(async () => await closeServer(evil, 0));
      await statusOf(context, `${portal.url}/sign-in/to/a`);
      const page = await pageOf(context);
      await page.goto(`http://${EVIL}:${evilPort}/`);
      await page.waitForURL(`${portal.url}/**`);
      expect(await isSignedIn(context, portal.url)).toBe(true);
      expect(await portal.access.tokens.list()).toEqual([]);
      expect(await statusOf(context, `http://${EVIL}:${port}/api/v1/me`)).toBe(421);
    });

    it('ends on the page of the sign-out, also if the page before asks again meanwhile', async () => {
      const { portal } = await portalWithProviders(await freshLedger(), ['a']);
      await statusOf(context, `${portal.url}/sign-in/to/a`);
      const page = await pageOf(context);
      await page.evaluate(`addEventListener('submit', () => setInterval(() => {
        Object.defineProperty(document, 'hidden', { value: !document.hidden, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
      }, 20))`);
      await page.route('**/sign-out', async (route) => {
        const headers = { ...route.request().headers(), 'sec-fetch-site': 'same-origin' };
        const response = await route.fetch({ headers });
        await page.waitForResponse((answer) => answer.status() === 401);
        await route.fulfill({ response });
      });
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByRole('heading', { name: 'Signed out' }).waitFor();
      expect(page.url()).toBe(`${portal.url}/sign-out`);
      await page.unrouteAll();
    });

    it('is over after the sign-out, also for a copy of its cookie', async () => {
      const { portal } = await portalWithProviders(await freshLedger(), ['a']);
      await statusOf(context, `${portal.url}/sign-in/to/a`);
      await thief.addCookies(await context.cookies(portal.url));
      expect(await isSignedIn(thief, portal.url)).toBe(true);
      const page = await quietPage(context, portal.url);
      await page.evaluate(`fetch('/sign-out', { method: 'POST' }).then(({ status }) => status)`);
      expect([await isSignedIn(context, portal.url), await isSignedIn(thief, portal.url)]).toEqual([
        false,
        false,
      ]);
    });
  });
});
