import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { closeServer, listen } from '../../src/runtime/http/listen.ts';
import { Browser } from '../support/browser.ts';
import { issue, makeCa } from '../support/certificate-authority.ts';
import { describeWith } from '../support/describe-with.ts';
import { CLIENT, IdentityProvider } from '../support/identity-provider.ts';
import { startPortalIn } from '../support/portal-under-test.ts';
import { eventually, freePort, startProgram, temporaryFolder } from '../support/processes.ts';

const guide = readFileSync(new URL('../../docs/portal-guide.md', import.meta.url), 'utf8');

/** The example of the guide after this heading, in this language, with other addresses and files in place of its own. */
function example(heading: string, language: string, changes: Record<string, string>): string {
  const [, after = ''] = guide.split(`\n${heading}\n`);
  const [, found] = new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(after) ?? [];
  if (found === undefined) throw new Error(`the guide has no ${language} after ${heading}`);
  return Object.entries(changes).reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`the ${language} after ${heading} has no ${from}`);
    return text.replaceAll(from, to);
  }, found);
}

interface Ports {
  portal: number;
  proxy: number;
}

type StartProxy = (program: string, folder: string, ports: Ports, heading?: string) => Promise<void>;

const startNginx: StartProxy = async (program, folder, { portal, proxy }, heading = '### Behind a proxy') => {
  const kept = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${name};`,
  );
  const server = example(heading, 'nginx', {
    'listen 443': `listen 127.0.0.1:${proxy}`,
    '/etc/ssl/portal.pem': join(folder, 'cert.pem'),
    '/etc/ssl/portal.key': join(folder, 'key.pem'),
    '127.0.0.1:8000': `127.0.0.1:${portal}`,
    ...(heading === '### Behind a proxy' ? {} : { '127.0.0.1:4180': await startAuthentication() }),
  });
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; master_process off; pid nginx.pid; error_log stderr;
events {}
http { access_log off; ${kept.join(' ')}
${server}}
`,
  );
  const running = startProgram(program, ['-e', 'stderr', '-p', folder, '-c', join(folder, 'nginx.conf')]);
  onTestFinished(async () => void (await running.stop()));
};

const startHaproxy: StartProxy = async (program, folder, { portal, proxy }) => {
  const sections = example('### Behind a proxy', 'haproxy', {
    ':443': `127.0.0.1:${proxy}`,
    '/etc/haproxy/portal.pem': join(folder, 'both.pem'),
    'https://portal.example.org': `https://127.0.0.1:${proxy}`,
    '127.0.0.1:8000': `127.0.0.1:${portal}`,
  });
  const defaults = 'defaults\n  timeout connect 5s\n  timeout client 60s\n  timeout server 60s\n';
  writeFileSync(join(folder, 'haproxy.cfg'), `${defaults}\n${sections}`);
  const running = startProgram(program, ['-db', '-f', join(folder, 'haproxy.cfg')]);
  onTestFinished(async () => void (await running.stop()));
};

/** Answers as oauth2-proxy does: ada is an operator, bob is nothing, and nobody else is signed in. */
async function startAuthentication(): Promise<string> {
  const server = createServer(({ headers: { cookie } }, response) => {
    const [, user] = /_oauth2_proxy=(ada|bob)/.exec(cookie ?? '') ?? [];
    const groups = user === 'ada' ? 'staff,usage-operators' : 'staff';
    if (user === undefined) response.writeHead(401);
    else response.writeHead(202, { 'x-auth-request-user': user, 'x-auth-request-groups': groups });
    response.end();
  });
  const { port } = await listen(server, { host: '127.0.0.1', port: 0 });
  onTestFinished(async () => await closeServer(server, 0));
  return `127.0.0.1:${port}`;
}

/** A portal behind a proxy, both configured as in the guide. */
async function portalBehind(program: string, start: StartProxy, heading = '### Behind a proxy') {
  const folder = temporaryFolder();
  const ports = { portal: await freePort(), proxy: await freePort() };
  const ca = await makeCa('the CA of the portal');
  const { cert, key } = await issue(ca, '127.0.0.1');
  for (const [name, text] of Object.entries({
    'cert.pem': cert,
    'key.pem': key,
    'both.pem': `${cert}\n${key}`,
  }))
    writeFileSync(join(folder, name), text);
  const url = `https://127.0.0.1:${ports.proxy}/usage`;
  const provider = new IdentityProvider([`${url}/sign-in/callback/idp`]);
  await provider.start();
  onTestFinished(async () => await provider.stop());
  writeFileSync(join(folder, 'idp.secret'), CLIENT.clientSecret);
  const rules = heading === '### Behind a proxy' ? withProvider(provider.issuer) : '';
  const toml = example(heading, 'toml', {
    '127.0.0.1:8000': `127.0.0.1:${ports.portal}`,
    'https://portal.example.org/usage': url,
  });
  writeFileSync(join(folder, 'portal.toml'), toml + rules);
  await startPortalIn(folder, `127.0.0.1:${ports.portal}`);
  await start(program, folder, ports, heading);
  const browser = new Browser({ ca: ca.cert, localAddress: '127.0.0.3' });
  await eventually(async () =>
    (await browser.open(`${url}/healthz`).catch(() => undefined)) === undefined ? undefined : true,
  );
  return { url, ports, provider, browser };
}

const withProvider = (issuer: string) => `
[[access.provider]]
name = "idp"
issuer = "${issuer}"
client_id = "${CLIENT.clientId}"
client_secret_file = "idp.secret"
scopes = ["openid", "groups"]

[[access.rule]]
issuer = "idp"
claim = "groups"
includes = "staff"
role = "operator"
`;

const json = { accept: 'application/json' };

/** Signs in and out under the path of `public_url`. Returns the status for the browser after the sign-out. */
async function walk(program: string, start: StartProxy): Promise<number> {
  const { url, provider, browser } = await portalBehind(program, start);
  const bare = await browser.open(url);
  expect([bare.status, bare.headers.get('location')]).toEqual([301, `${url}/`]);
  const page = await (await browser.open(`${url}/`)).text();
  const [, script = ''] = /src="\.\/(assets\/[^"]+\.js)"/.exec(page) ?? [];
  const asset = await browser.open(`${url}/${script}`);
  expect([asset.status, asset.headers.get('content-type')]).toEqual([
    200,
    expect.stringContaining('javascript'),
  ]);
  const refused = await browser.open(`${url}/api/v1/sites`);
  expect([refused.status, refused.headers.get('location')]).toEqual([
    303,
    `${url}/sign-in?return_to=%2Fapi%2Fv1%2Fsites`,
  ]);
  expect(await (await browser.open(`${url}/sign-in`)).text()).toContain(`href="${url}/sign-in/to/idp?`);
  const begin = `${url}/sign-in/to/idp?return_to=${encodeURIComponent('/#/grants/climate')}`;
  const answer = await browser.addressAfter(begin, (address) => address.includes('/callback/'));
  expect(answer.startsWith(`${url}/sign-in/callback/idp?`)).toBe(true);
  // The proxy does not pass on what the client says about its own address.
  const done = await browser.open(answer, { headers: { 'x-forwarded-for': '192.0.2.1' } });
  expect([done.status, done.headers.get('location')]).toEqual([303, `${url}/#/grants/climate`]);
  expect(done.headers.getSetCookie()).toEqual([
    expect.stringMatching(
      /^__Host-stackmeter=[\w-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax; Secure$/,
    ),
  ]);
  const audit = await browser.open(`${url}/api/v1/audit`, { headers: json });
  const { data } = (await audit.json()) as { data: { what: string; address: string }[] };
  expect(data.find(({ what }) => what === 'sign-in')?.address).toBe('127.0.0.3');
  const headers = { ...json, origin: new URL(url).origin };
  const out = await browser.open(`${url}/sign-out`, { method: 'POST', headers });
  const { provider_sign_out: atProvider } = (await out.json()) as { provider_sign_out: string };
  expect(atProvider.startsWith(`${provider.issuer}/session/end?`)).toBe(true);
  expect(new URL(atProvider).searchParams.get('post_logout_redirect_uri')).toBe(`${url}/sign-in`);
  return (await browser.open(`${url}/api/v1/me`, { headers: json })).status;
}

describeWith(['nginx'], 'a portal behind nginx as in the guide', ({ nginx }) => {
  it('serves pages, API and sign-in under a path, and knows the addresses of clients', async () => {
    expect(await walk(nginx, startNginx)).toBe(401);
  });

  it('takes people whom nginx has signed in, and nobody who only says so', async () => {
    const { url, ports, browser } = await portalBehind(nginx, startNginx, '#### Sign-in by the proxy');
    const claimed = { 'x-forwarded-user': 'ada', 'x-forwarded-groups': 'usage-operators' };
    const me = async (headers: Record<string, string>) => {
      const answer = await browser.open(`${url}/api/v1/me`, { headers: { ...json, ...headers } });
      if (answer.status !== 200) return answer.status;
      const { by, rights } = (await answer.json()) as { by: string; rights: { role: object }[] };
      return [by, rights.map(({ role }) => role)];
    };
    expect(await me({ cookie: '_oauth2_proxy=ada' })).toEqual(['proxy', [{ role: 'operator' }]]);
    expect(await me({ ...claimed, cookie: '_oauth2_proxy=bob' })).toEqual(['proxy', []]);
    expect(await me(claimed)).toBe(401);
    const direct = new Browser({ localAddress: '127.0.0.2' });
    const answer = await direct.open(`http://127.0.0.1:${ports.portal}/api/v1/me`, {
      headers: { ...json, ...claimed },
    });
    expect(answer.status).toBe(401);
  });
});

describeWith(['haproxy'], 'a portal behind HAProxy as in the guide', ({ haproxy }) => {
  it('serves pages, API and sign-in under a path, and knows the addresses of clients', async () => {
    expect(await walk(haproxy, startHaproxy)).toBe(401);
  });
});
