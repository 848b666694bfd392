import { once } from 'node:events';
import { get, request, type IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { grantsFile } from '../../src/portal/accounts/grants/documents.ts';
import { onEmbeddedPostgresql } from '../ledger/fixture.ts';
import { OPERATORS, portalOn, portalWithProviders, type AccessPortal } from '../support/access-portal.ts';
import { Browser } from '../support/browser.ts';
import { type IdentityProvider, signedByOther, type Tampering } from '../support/identity-provider.ts';
import { eventually } from '../support/processes.ts';

const isCallback = (address: string) => address.includes('/sign-in/callback/');

/** Signs in up to the answer of the provider, which the browser has not opened yet. */
async function answerOf(
  browser: Browser,
  { url }: AccessPortal,
  name = 'a',
  returnTo = '/',
): Promise<string> {
  const start = `${url}/sign-in/to/${name}?return_to=${encodeURIComponent(returnTo)}`;
  return await browser.addressAfter(start, isCallback);
}

async function signedIn(browser: Browser, portal: AccessPortal, name = 'a'): Promise<Response> {
  return await browser.open(await answerOf(browser, portal, name));
}

const json = { headers: { accept: 'application/json' } };
const me = async (browser: Browser, { url }: AccessPortal) => await browser.open(`${url}/api/v1/me`, json);

onEmbeddedPostgresql('signing in', (freshLedger) => {
  const portalWith = async (...names: string[]) => await portalWithProviders(await freshLedger(), names);

  it('leads a person to where they were, with the roles of their claims, until they sign out', async () => {
    const { portal, providers } = await portalWith('a');
    const browser = new Browser();
    const first = await browser.open(`${portal.url}/api/v1/sites?x=1`);
    expect([first.status, first.headers.get('location')]).toEqual([
      303,
      `${portal.url}/sign-in?return_to=%2Fapi%2Fv1%2Fsites%3Fx%3D1`,
    ]);
    expect(await (await browser.open(`${portal.url}/sign-in?return_to=/project`)).text()).toContain(
      `${portal.url}/sign-in/to/a?return_to=%2Fproject`,
    );
    const answer = await answerOf(browser, portal, 'a', '/project?id=1');
    const done = await browser.open(answer);
    expect([done.status, done.headers.get('location')]).toEqual([303, `${portal.url}/project?id=1`]);
    expect(await (await me(browser, portal)).json()).toMatchObject({
      by: 'session',
      rights: [
        { role: { role: 'operator' }, because: 'access.rule[1]: groups includes "staff" gives operator' },
      ],
      allowed: ['reads and changes everything'],
    });
    expect((await browser.open(`${portal.url}/api/v1/sites`, json)).status).toBe(200);
    const thief = new Browser();
    for (const cookie of browser.cookiesOf(portal.url)) thief.cookiesOf(portal.url).set(...cookie);
    expect((await me(thief, portal)).status).toBe(200);
    const headers = { origin: portal.url, accept: 'application/json' };
    const out = await browser.open(`${portal.url}/sign-out`, { method: 'POST', headers });
    const { provider_sign_out: atProvider } = (await out.json()) as { provider_sign_out: string };
    expect(atProvider).toMatch(new RegExp(`^${providers[0]?.issuer}/session/end\\?.*id_token_hint=`));
    expect((await me(browser, portal)).status).toBe(401);
    expect((await me(thief, portal)).status).toBe(401);
  });

  it('is of no use to a page under a name that leads here, and a token is good under any name', async () => {
    const { portal } = await portalWith('a');
    const browser = new Browser();
    await signedIn(browser, portal);
    const { secret } = await portal.access.tokens.create(
      { name: 'ci', owner: { kind: 'installation' }, roles: [{ role: 'auditor' }] },
      { who: 'owner root', by: 'socket', rights: [] },
    );
    const cookie = `stackmeter=${browser.cookiesOf(portal.url).get('stackmeter')}`;
    const statusWith = async (more: Record<string, string>) => {
      const headers = { host: 'evil.example', ...more };
      const [answer] = (await once(get(`${portal.url}/api/v1/sites`, { headers }), 'response')) as [
        IncomingMessage,
      ];
      answer.resume();
      return answer.statusCode;
    };
    expect([
      await statusWith({ cookie }),
      await statusWith({}),
      await statusWith({ authorization: `Bearer ${secret}` }),
      await statusWith({ cookie, host: '127.0.0.1' }),
    ]).toEqual([421, 421, 200, 200]);
  });

  it('works once for each answer, in the browser that started it, with its own state', async () => {
    const { portal } = await portalWith('a');
    const [browser, thief] = [new Browser(), new Browser()];
    const answer = await answerOf(browser, portal);
    expect((await thief.open(answer)).status).toBe(400);
    await answerOf(thief, portal);
    expect((await thief.open(answer)).status).toBe(400);
    const other = new URL(answer);
    other.searchParams.set('state', 'x'.repeat(43));
    expect((await browser.open(other.href)).status).toBe(400);
    expect((await browser.open(answer)).status).toBe(303);
    expect((await browser.open(answer)).status).toBe(400);
    expect((await me(thief, portal)).status).toBe(401);
    const refusals = (await portal.access.audit.list(10)).map(({ who, what }) => [who.split(' ')[0], what]);
    expect(refusals.filter(([who]) => who === 'nobody')).toHaveLength(4);
    expect(refusals).toContainEqual(['person', 'sign-in']);
  });

  it('takes too long after ten minutes', async () => {
    const { portal, fixture } = await portalWith('a');
    const browser = new Browser();
    const answer = await answerOf(browser, portal);
    fixture.time.nowMs += 10 * 60_000;
    expect((await browser.open(answer)).status).toBe(400);
  });

  it('refuses a session that somebody else has chosen, and gives a new one at each sign-in', async () => {
    const { portal } = await portalWith('a');
    const browser = new Browser();
    const chosen = 'A'.repeat(43);
    browser.cookiesOf(portal.url).set('stackmeter', chosen);
    expect((await signedIn(browser, portal)).status).toBe(303);
    const first = browser.cookiesOf(portal.url).get('stackmeter') ?? '';
    expect(first).not.toBe(chosen);
    expect((await signedIn(browser, portal)).status).toBe(303);
    const thief = new Browser();
    for (const stolen of [chosen, first]) {
      thief.cookiesOf(portal.url).set('stackmeter', stolen);
      expect((await me(thief, portal)).status).toBe(401);
    }
  });

  describe('with an ID token', () => {
    const nowS = () => Math.floor(Date.now() / 1000);
    const bad: [string, Tampering][] = [
      ['for another sign-in', async (claims, sign, key) => await sign({ ...claims, nonce: 'other' }, key)],
      ['that has ended', async (claims, sign, key) => await sign({ ...claims, exp: nowS() - 90 }, key)],
      ['for another client', async (claims, sign, key) => await sign({ ...claims, aud: 'other' }, key)],
      [
        'of another issuer',
        async (claims, sign, key) => await sign({ ...claims, iss: 'http://127.0.0.1:1' }, key),
      ],
      ['signed by another key', async (claims, _sign, key) => await signedByOther(claims, key)],
      [
        'without a signature',
        (claims) =>
          [{ alg: 'none' }, claims]
            .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
            .concat('')
            .join('.'),
      ],
    ];

    it('that is not good is refused, and one within the tolerance of clocks is not', async () => {
      const { portal, providers } = await portalWith('a');
      const [provider] = providers as [IdentityProvider];
      for (const [name, tamper] of bad) {
        provider.tamper = tamper;
        const browser = new Browser();
        expect([name, (await signedIn(browser, portal)).status]).toEqual([name, 400]);
        expect((await me(browser, portal)).status).toBe(401);
      }
      provider.tamper = async (claims, sign, key) => await sign({ ...claims, exp: nowS() - 20 }, key);
      expect((await signedIn(new Browser(), portal)).status).toBe(303);
    });
  });

  it('takes an answer from the provider that was asked only', async () => {
    const { portal, providers } = await portalWith('a', 'b');
    const browser = new Browser();
    const answer = await answerOf(browser, portal, 'a');
    expect((await browser.open(answer.replace('/callback/a', '/callback/b'))).status).toBe(400);
    const mixed = new URL(await answerOf(browser, portal, 'a'));
    mixed.searchParams.set('iss', providers[1]?.issuer ?? '');
    expect((await browser.open(mixed.href)).status).toBe(400);
    const silent = new URL(await answerOf(browser, portal, 'a'));
    silent.searchParams.delete('iss');
    expect((await browser.open(silent.href)).status).toBe(400);
    expect((await signedIn(browser, portal, 'b')).status).toBe(303);
  });

  it('follows new keys of the provider, and says so if the provider is down; sessions go on', async () => {
    const { portal, providers, fixture } = await portalWith('a');
    const [provider] = providers as [IdentityProvider];
    await provider.stop();
    const [early, browser] = [new Browser(), new Browser()];
    const down = await early.open(`${portal.url}/sign-in/to/a`);
    expect([down.status, await down.text()]).toEqual([503, expect.stringContaining('does not answer')]);
    await provider.start();
    fixture.time.nowMs += 5_000;
    expect((await signedIn(browser, portal)).status).toBe(303);
    await provider.stop();
    await provider.start();
    expect((await signedIn(new Browser(), portal)).status).toBe(303);
    const answer = await answerOf(early, portal);
    await provider.stop();
    expect((await early.open(answer)).status).toBe(503);
    expect((await me(browser, portal)).status).toBe(200);
  });

  it('is followed by newer claims every ten minutes, and ends when the provider has ended it', async () => {
    const { portal, providers, fixture } = await portalWith('a');
    const [provider] = providers as [IdentityProvider];
    const browser = new Browser();
    await signedIn(browser, portal);
    const allowed = async () =>
      ((await (await me(browser, portal)).json()) as { allowed?: string[] }).allowed?.join();
    provider.user = { sub: 'ada', groups: [] };
    expect(await allowed()).toBe('reads and changes everything');
    provider.fails = true;
    fixture.time.nowMs += 10 * 60_000;
    expect(await allowed()).toBe('reads and changes everything');
    provider.fails = false;
    fixture.time.nowMs += 60_000;
    expect(await allowed()).toBe('sees nothing');
    provider.user = { sub: 'ada', groups: ['staff'] };
    fixture.time.nowMs += 10 * 60_000;
    expect(await allowed()).toBe('reads and changes everything');
    provider.left.add('ada');
    fixture.time.nowMs += 10 * 60_000;
    expect((await me(browser, portal)).status).toBe(401);
  });

  it('at one portal counts at another, which can end it', async () => {
    const { portal, fixture, providers } = await portalWith('a');
    const other = await portalOn(fixture, { a: providers[0] as IdentityProvider });
    const browser = new Browser();
    await signedIn(browser, portal);
    browser.cookiesOf(other.url).set('stackmeter', browser.cookiesOf(portal.url).get('stackmeter') ?? '');
    const { person } = (await (await me(browser, other)).json()) as { person: string };
    const ofPerson = { name: 'ci', owner: { kind: 'person' as const, person }, roles: [] };
    const token = await portal.access.tokens.create(ofPerson, {
      who: 'owner root',
      by: 'socket',
      rights: [],
    });
    const everywhere = {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token.secret}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'everywhere=true',
    };
    expect((await fetch(`${portal.url}/sign-out`, everywhere)).status).toBe(200);
    expect((await me(browser, other)).status).toBe(200);
    const headers = { origin: other.url, 'content-type': 'application/x-www-form-urlencoded' };
    await browser.open(`${other.url}/sign-out`, { method: 'POST', headers, body: 'everywhere=true' });
    expect((await me(browser, portal)).status).toBe(401);
  });

  it('is bounded for each address', async () => {
    const { portal } = await portalWith('a');
    const statuses = [];
    for (let count = 0; count < 31; count += 1)
      statuses.push((await new Browser().open(`${portal.url}/sign-in/to/a`)).status);
    expect(statuses).toEqual([...Array.from({ length: 30 }, () => 303), 429]);
  });

  it('has a bounded number of wrong answers of providers for each address', async () => {
    const { portal } = await portalWith('a');
    const statuses = [];
    for (let count = 0; count < 31; count += 1)
      statuses.push((await new Browser().open(`${portal.url}/sign-in/callback/a?state=x`)).status);
    expect(statuses).toEqual([...Array.from({ length: 30 }, () => 400), 429]);
  });

  describe('by a token of the portal', () => {
    const token = async ({ access }: AccessPortal) =>
      await access.tokens.create(
        { name: 'first', owner: { kind: 'installation' }, roles: [{ role: 'operator' }] },
        { who: 'owner root', by: 'socket', rights: [] },
      );

    it('needs no provider, and the session ends with the token', async () => {
      const portal = await portalOn(await freshLedger(), {});
      const { id, secret } = await token(portal);
      const browser = new Browser();
      const post = async (text: string, origin = portal.url) =>
        await browser.open(`${portal.url}/sign-in/token`, {
          method: 'POST',
          headers: { origin, 'content-type': 'application/x-www-form-urlencoded' },
          body: new URLSearchParams({ token: text, return_to: '//evil.example' }).toString(),
        });
      expect([(await post('smt_wrong')).status, (await post(secret, 'https://evil.example')).status]).toEqual(
        [400, 403],
      );
      const done = await post(secret);
      expect([done.status, done.headers.get('location')]).toEqual([303, `${portal.url}/`]);
      expect((await me(browser, portal)).status).toBe(200);
      await portal.access.tokens.revoke(id);
      expect((await me(browser, portal)).status).toBe(401);
    });

    it('opens the API to programs; wrong ones are refused, audited and bounded', async () => {
      const portal = await portalOn(await freshLedger(), {});
      const { secret } = await token(portal);
      const ask = async (path: string, bearer?: string) =>
        await fetch(`${portal.url}${path}`, {
          headers: bearer === undefined ? {} : { authorization: `Bearer ${bearer}` },
        });
      const nobody = await ask('/api/v1/sites');
      expect([
        nobody.status,
        nobody.headers.get('www-authenticate'),
        nobody.headers.get('content-type'),
      ]).toEqual([401, 'Bearer', expect.stringContaining('application/problem+json')]);
      const wrong = await ask('/api/v1/sites', 'smt_wrong');
      expect([wrong.status, wrong.headers.get('www-authenticate')]).toEqual([
        401,
        'Bearer error="invalid_token"',
      ]);
      expect((await ask('/api/v1/sites', secret)).status).toBe(200);
      expect([(await ask('/healthz')).status, (await ask('/metrics')).status]).toEqual([200, 401]);
      expect((await ask('/metrics', 'a-token-of-metrics')).status).toBe(200);
      expect((await ask('/api/v1/sites', 'a-token-of-metrics')).status).toBe(401);
      expect((await ask('/not-there')).status).toBe(401);
      await eventually(async () => {
        const audit = (await (await ask('/api/v1/audit', secret)).json()) as { data: { what: string }[] };
        return audit.data.find(({ what }) => what === 'GET refused');
      });
      const statuses = [];
      for (let count = 0; count < 29; count += 1)
        statuses.push((await ask('/api/v1/me', 'smt_wrong')).status);
      expect(statuses.slice(-2)).toEqual([401, 429]);
      // Others at the address go on.
      expect((await ask('/api/v1/sites', secret)).status).toBe(200);
      expect((await new Browser().open(`${portal.url}/sign-in/to/nowhere`)).status).not.toBe(429);
    });
  });

  it('gives changes to operators only, and not by pages of other origins', async () => {
    const { portal, providers } = await portalWith('a');
    const browser = new Browser();
    await signedIn(browser, portal);
    const change = async (headers: Record<string, string>) =>
      (
        await browser.open(`${portal.url}/api/v1/grants/climate`, {
          method: 'PUT',
          headers: { 'content-type': 'application/json', 'if-none-match': '*', accept: '*/*', ...headers },
          body: JSON.stringify({ name: 'climate', title: 'Climate' }),
        })
      ).status;
    expect(await change({})).toBe(403);
    expect(await change({ origin: 'https://evil.example' })).toBe(403);
    expect(await change({ origin: portal.url, 'sec-fetch-site': 'cross-site' })).toBe(403);
    portal.config.policy.rules = [
      { ...OPERATORS, issuer: providers[0]?.issuer ?? '', role: { role: 'auditor' } },
    ];
    expect(await change({ origin: portal.url })).toBe(403);
    portal.config.policy.rules = [{ ...OPERATORS, issuer: providers[0]?.issuer ?? '' }];
    expect(await change({ origin: portal.url })).toBe(201);
    // The row follows the answer.
    await eventually(async () =>
      (await portal.access.audit.list(9)).find(({ outcome }) => outcome === '201'),
    );
  });

  it('has a row in the audit for each export and refusal of somebody, and none for requests of nobody', async () => {
    const { portal } = await portalWith('a');
    const browser = new Browser();
    await signedIn(browser, portal);
    const post = async (headers: Record<string, string>) =>
      (await browser.open(`${portal.url}/api/v1/tokens`, { method: 'POST', ...json, headers })).status;
    const foreignHost = await new Promise<number | undefined>((resolve, reject) => {
      request(`${portal.url}/x`, { method: 'POST', headers: { host: 'evil.example' } }, (response) =>
        resolve(response.resume().statusCode),
      )
        .once('error', reject)
        .end();
    });
    expect([foreignHost, await post({ origin: 'https://evil.example' })]).toEqual([421, 403]);
    expect((await browser.open(`${portal.url}/api/v1/usage?f%6frmat=csv`, json)).status).toBe(200);
    // The row follows the answer.
    const rows = await eventually(async () => {
      const all = (await portal.access.audit.list(9)).map(({ who, what }) => [who.split(' ')[0], what]);
      return all[0]?.[1] === 'export' ? all : undefined;
    });
    expect(rows).toEqual([
      ['person', 'export'],
      ['person', 'POST refused'],
      ['person', 'sign-in'],
    ]);
  });

  it('counts the addresses that trusted proxies state, under the newest configuration', async () => {
    const { portal } = await portalWith('a');
    const ask = async (address: string) =>
      await fetch(`${portal.url}/api/v1/me`, {
        headers: { authorization: 'Bearer smt_wrong', 'x-forwarded-for': address },
      });
    const addresses = async (count: number) =>
      await eventually(async () => {
        const rows = await portal.access.audit.list(9);
        return rows.length === count ? rows.map(({ address }) => address) : undefined;
      });
    await ask('192.0.2.1');
    expect(await addresses(1)).toEqual(['127.0.0.1']);
    portal.config.trustedProxies = ['127.0.0.1'];
    await ask('192.0.2.2');
    expect(await addresses(2)).toEqual(['192.0.2.2', '127.0.0.1']);
  });

  it('refuses a name with a NUL character, which no name in the database has', async () => {
    const { portal } = await portalWith('a');
    const browser = new Browser();
    await signedIn(browser, portal);
    const body = JSON.stringify({ name: 'ci', roles: [{ role: 'site', site: '\0' }] });
    const headers = { origin: portal.url, accept: '*/*' };
    const withBody = { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body };
    const answers = [
      await browser.open(`${portal.url}/sign-in/to/%00`),
      await browser.open(`${portal.url}/api/v1/grants/%00/history`),
      await browser.open(`${portal.url}/api/v1/people/%00`, { method: 'DELETE', headers }),
      await browser.open(`${portal.url}/api/v1/people/%00/invitation`, { method: 'POST', headers }),
      await browser.open(`${portal.url}/api/v1/tokens`, withBody),
    ];
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 400, 400]);
  });

  it('lets a person make tokens with their own roles, and nobody else see or revoke them', async () => {
    const { portal, providers } = await portalWith('a');
    const [provider] = providers as [IdentityProvider];
    const site = { role: 'site' as const, site: 'a' };
    portal.config.policy.rules = [{ ...OPERATORS, issuer: provider.issuer, role: site }];
    const [ada, bob] = [new Browser(), new Browser()];
    await signedIn(ada, portal);
    provider.user = { sub: 'bob', groups: ['staff'] };
    await signedIn(bob, portal);
    const api = async (browser: Browser, method: string, path: string, body?: object) =>
      await browser.open(`${portal.url}/api/v1/${path}`, {
        method,
        headers: { origin: portal.url, accept: '*/*', ...(body && { 'content-type': 'application/json' }) },
        ...(body && { body: JSON.stringify(body) }),
      });
    const made = await api(ada, 'POST', 'tokens', { name: 'ci', roles: [site] });
    const { id, token } = (await made.json()) as { id: string; token: string };
    expect([
      made.status,
      (await api(ada, 'POST', 'tokens', { name: 'x', roles: [{ role: 'auditor' }] })).status,
    ]).toEqual([201, 403]);
    const past = await api(ada, 'POST', 'tokens', {
      name: 'x',
      roles: [site],
      expires: '2020-01-01T00:00:00Z',
    });
    expect([past.status, await past.json()]).toEqual([
      400,
      { error: 'expires: 2020-01-01T00:00:00.000Z has passed already' },
    ]);
    expect(await (await api(bob, 'GET', 'tokens')).json()).toEqual({ data: [], next: null });
    const [foreign, absent] = [
      await api(bob, 'DELETE', `tokens/${id}`),
      await api(bob, 'DELETE', 'tokens/999'),
    ];
    expect([foreign.status, await foreign.text()]).toEqual([
      404,
      (await absent.text()).replaceAll('999', id),
    ]);
    const bearer = { authorization: `Bearer ${token}` };
    expect((await fetch(`${portal.url}/api/v1/me`, { headers: bearer })).status).toBe(200);
    const more = await fetch(`${portal.url}/api/v1/tokens/${id}`, { method: 'DELETE', headers: bearer });
    expect(more.status).toBe(403);
    expect((await api(ada, 'DELETE', `tokens/${id}`)).status).toBe(204);
    expect((await fetch(`${portal.url}/api/v1/me`, { headers: bearer })).status).toBe(401);
  });

  it('binds a person of the accounts by an invitation, after a confirmation', async () => {
    const { portal } = await portalWith('a');
    const browser = new Browser();
    expect(await portal.access.people.invite('lead-71')).toBe(undefined);
    const people = grantsFile.parse({ person: [{ id: 'lead-17' }] });
    await portal.accounts.apply(people, { author: 'root', origin: 'command' });
    const { secret = '' } = (await portal.access.people.invite('lead-17')) ?? {};
    const link = `${portal.url}/invitation/${secret}`;
    expect((await browser.open(link)).headers.get('location')).toContain(
      `return_to=%2Finvitation%2F${secret}`,
    );
    await browser.open(await answerOf(browser, portal, 'a', `/invitation/${secret}`));
    expect(await (await browser.open(link)).text()).toContain('I am lead-17');
    const accept = { method: 'POST', headers: { origin: portal.url } };
    expect((await browser.open(link, accept)).status).toBe(303);
    expect(await (await me(browser, portal)).json()).toMatchObject({ person: 'lead-17' });
    expect((await browser.open(link, accept)).status).toBe(409);
    const rows = await portal.access.audit.list(10);
    expect(JSON.stringify(rows)).not.toContain(secret);
  });
});
