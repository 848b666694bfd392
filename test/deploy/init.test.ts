import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runStackmeter, temporaryFolder } from '../support/processes.ts';

const OPENRC = `export OS_AUTH_URL=http://127.0.0.1:1/v3
export OS_USERNAME=usage
export OS_PASSWORD=secret
export OS_USER_DOMAIN_NAME=Default
export OS_PROJECT_NAME=usage
export OS_PROJECT_DOMAIN_ID=default
`;

async function run(folder: string, ...args: string[]) {
  const { code, output } = await runStackmeter(args, { cwd: folder, env: { HOME: folder } });
  return { code, output };
}

it('init site finds credentials, makes a certificate, and writes what exporter and gate read', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'usage-openrc'), OPENRC);
  expect((await run(folder, 'init', 'site', '--yes')).code).toBe(0);
  expect(readFileSync(join(folder, 'exporter.toml'), 'utf8')).toContain(
    `\nopenrc = "${join(folder, 'usage-openrc')}"\n`,
  );
  expect(statSync(join(folder, 'gate.key')).mode & 0o777).toBe(0o600);
  expect((await run(folder, 'check', 'exporter.toml')).output).toContain('OK: exporter configuration');
  const { output } = await run(folder, 'token', 'portal');
  const hash = /^hash = "sha256:\w+"$/m.exec(output)?.[0] ?? '';
  appendFileSync(join(folder, 'gate.toml'), `[[token]]\nname = "portal"\n${hash}\n`);
  expect((await run(folder, 'check', 'gate.toml')).output).toContain('OK: gate configuration');
  const again = await run(folder, 'init', 'site', '--yes');
  expect([again.code, again.output]).toEqual([1, expect.stringMatching(/exporter\.toml exists: remove it/)]);
});

it('init site finds a cloud of clouds.yaml, and a certificate with its key', async () => {
  const folder = temporaryFolder();
  expect((await run(folder, 'init', 'site', '--yes')).output).toMatch(
    /Credentials of OpenStack.*give an answer/,
  );
  const auth = { auth_url: 'http://127.0.0.1:1/v3', username: 'u', password: 'p', project_name: 'p' };
  const named = { ...auth, user_domain_name: 'Default', project_domain_name: 'Default' };
  writeFileSync(join(folder, 'clouds.yaml'), JSON.stringify({ clouds: { east: { auth: named } } }));
  expect((await run(folder, 'init', 'site', '--yes')).code).toBe(0);
  const [cert, key] = [readFileSync(join(folder, 'gate.crt')), readFileSync(join(folder, 'gate.key'))];
  expect(readFileSync(join(folder, 'exporter.toml'), 'utf8')).toContain('\nos_cloud = "east"\n');

  const other = temporaryFolder();
  writeFileSync(join(other, 'clouds.yaml'), JSON.stringify({ clouds: { east: { auth: named } } }));
  writeFileSync(join(other, 'site.pem'), cert);
  writeFileSync(join(other, 'site.key'), key);
  expect((await run(other, 'init', 'site', '--yes')).code).toBe(0);
  expect(readFileSync(join(other, 'gate.toml'), 'utf8')).toContain(
    `tls_cert = "${join(other, 'site.pem')}"\ntls_key = "${join(other, 'site.key')}"\n`,
  );
});

it('init portal writes what a portal reads', async () => {
  const folder = temporaryFolder();
  expect((await run(folder, 'init', 'portal', '--yes')).code).toBe(0);
  expect((await run(folder, 'check', '--role', 'portal', 'portal.toml')).output).toContain(
    'OK: portal configuration',
  );
});
