import { describe, expect, it } from 'vitest';
import { readCredentials } from '../credentials/credentials.ts';
import type { Http, HttpAnswer, HttpRequest } from './http.ts';
import { KeystoneSession } from './session.ts';

const credentials = readCredentials({
  OS_AUTH_URL: 'http://keystone:5000',
  OS_USERNAME: 'admin',
  OS_PASSWORD: 'secret',
  OS_PROJECT_NAME: 'admin',
});

function answer(status: number, body: unknown, headers: Record<string, string> = {}): HttpAnswer {
  return { status, body, headers, timing: { sentMs: 0, receivedMs: 0, dateMs: undefined } };
}

/** A Keystone whose tokens are valid for an hour, and a Nova that accepts chosen tokens. */
function cloud(accepts: (token: string) => boolean = () => true, expiresAt = '2026-01-01T13:00:00.000000Z') {
  const asked: string[] = [];
  let nowMs = 0;
  let tokens = 0;
  const http: Http = async ({ method, url, headers = {} }: HttpRequest) => {
    const token = headers['x-auth-token'] ?? '';
    asked.push([method, url.href, token].join(' ').trim());
    await Promise.resolve();
    if (method === 'GET') return accepts(token) ? answer(200, {}) : answer(401, {});
    tokens += 1;
    const domain = { id: 'default', name: 'Default' };
    const endpoint = { interface: 'public', region_id: 'RegionOne', url: 'http://nova:8774/v2.1/' };
    const body = {
      token: {
        issued_at: '2026-01-01T12:00:00.000000Z',
        expires_at: expiresAt,
        user: { name: 'admin', domain },
        project: { id: 'p1', name: 'admin', domain },
        catalog: [{ type: 'compute', endpoints: [endpoint] }],
      },
    };
    const signedIn = answer(201, body, { 'x-subject-token': `token${tokens}` });
    return { ...signedIn, timing: { sentMs: nowMs, receivedMs: nowMs, dateMs: undefined } };
  };
  const clock = { nowMs: () => nowMs, sleep: async () => await Promise.resolve() };
  const session = new KeystoneSession({ credentials, http, clock });
  const servers = async () => await session.get({ service: 'compute', path: '/servers' });
  return { session, asked, servers, passTime: (durationMs: number) => (nowMs += durationMs) };
}

const SIGN_IN = 'POST http://keystone:5000/v3/auth/tokens';
const SERVERS = 'GET http://nova:8774/v2.1/servers';

describe('a session', () => {
  it('signs in once, and asks services at the catalog addresses but Keystone at the sign-in address', async () => {
    const { session, asked, servers } = cloud();
    await servers();
    await session.get({ service: 'identity', path: '/projects', query: { domain_id: 'a b' } });
    expect(asked).toEqual([
      SIGN_IN,
      `${SERVERS} token1`,
      'GET http://keystone:5000/v3/projects?domain_id=a+b token1',
    ]);
  });

  it('signs in once for all requests at the same time', async () => {
    const { asked, servers } = cloud();
    await Promise.all([servers(), servers()]);
    expect(asked).toEqual([SIGN_IN, `${SERVERS} token1`, `${SERVERS} token1`]);
  });

  it('renews its token before it expires', async () => {
    const { asked, servers, passTime } = cloud();
    await servers();
    passTime(57 * 60_000);
    await servers();
    passTime(60_000);
    await servers();
    expect(asked).toEqual([SIGN_IN, `${SERVERS} token1`, `${SERVERS} token1`, SIGN_IN, `${SERVERS} token2`]);
  });

  it('renews a refused token once', async () => {
    const { asked, servers } = cloud((token) => token === 'token2');
    await servers();
    expect(asked).toEqual([SIGN_IN, `${SERVERS} token1`, SIGN_IN, `${SERVERS} token2`]);
  });

  it('fails if a new token is refused, too', async () => {
    const { asked, servers } = cloud(() => false);
    await expect(servers()).rejects.toThrow(
      'Nova answers 401 to GET /servers; the token is refused, although it is new',
    );
    expect(asked).toHaveLength(4);
  });

  it.each([
    ['2026-01-01T13:00:00.000000+00:00', 57],
    ['2026-01-01T14:00:00+01:00', 57],
    ['2026-01-01T13:00:00Z', 57],
    ['2026-01-01T13:00:00.123456789Z', 57],
    ['2026-01-01T13:00:00', 57],
  ])('accepts %s as the end of a token', async (expiresAt, minutes) => {
    const { asked, servers, passTime } = cloud(() => true, expiresAt);
    await servers();
    passTime(minutes * 60_000);
    await servers();
    passTime(61_000);
    await servers();
    expect(asked.filter((line) => line === SIGN_IN)).toHaveLength(2);
  });

  it.each([
    [401, /^Keystone at http:\/\/keystone:5000\/v3 refuses the credentials \(401\): check OS_USERNAME/],
    [404, /is not a Keystone v3 \(it answers 404\); check OS_AUTH_URL/],
    [400, /answers 400: no scope/],
    [201, /answers a sign-in without a token/],
  ])('gives the reason if Keystone answers %i to the sign-in', async (status, message) => {
    const http: Http = async () => await Promise.resolve(answer(status, { error: { message: 'no scope' } }));
    const clock = { nowMs: () => 0, sleep: async () => await Promise.resolve() };
    const signIn = new KeystoneSession({ credentials, http, clock }).signIn();
    await expect(signIn).rejects.toThrow(message);
    await expect(signIn).rejects.not.toThrow('secret');
  });
});
