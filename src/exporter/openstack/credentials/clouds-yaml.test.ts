import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadCredentials } from './openrc.ts';

/** A home with these files of the OpenStack SDK. */
function home(files: Record<string, string>): Record<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'clouds-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, '.config/openstack'), { recursive: true });
  for (const [name, text] of Object.entries(files))
    writeFileSync(join(folder, '.config/openstack', name), text);
  return { HOME: folder, XDG_CONFIG_HOME: join(folder, '.config') };
}

const CLOUDS = `
clouds:
  site-a:
    profile: vendor
    auth:
      username: meter
      project_name: operations
      project_domain_name: Default
    regions: [{ name: north }, south]
    interface: internal
    volume_endpoint_override: https://cinder.example/v3/%(project_id)s
  site-b:
    auth-type: v3applicationcredential
    auth: { auth-url: 'https://b.example/v3', application_credential_id: ac }
    cacert: /etc/b.pem
    cert: /etc/me.pem
`;
const PUBLIC = `
public-clouds:
  vendor:
    auth: { auth_url: https://keystone.example:5000, user_domain_name: Default }
    region_name: elsewhere
`;
const SECURE = `
clouds:
  site-a: { auth: { password: hidden } }
  site-b: { auth: { application_credential_secret: shh } }
`;

describe('clouds.yaml', () => {
  it('gives a cloud with the values of secure.yaml, and the defaults of its profile', () => {
    const env = home({ 'clouds.yaml': CLOUDS, 'clouds-public.yaml': PUBLIC, 'secure.yaml': SECURE });
    const domain = { name: 'Default' };
    expect(loadCredentials({ ...env, OS_CLOUD: 'site-a' }, undefined)).toEqual({
      authUrl: new URL('https://keystone.example:5000/v3'),
      identity: {
        method: 'password',
        user: { name: 'meter', domain },
        password: 'hidden',
        project: { name: 'operations', domain },
      },
      region: 'north',
      interfaces: ['internal'],
      choices: {},
      caFile: undefined,
      clientCertificate: undefined,
      insecure: false,
      endpoints: { volume: 'https://cinder.example/v3/%(project_id)s' },
    });
  });

  it('gives application credentials and certificates, also by the name of the flag', () => {
    const env = home({ 'clouds.yaml': CLOUDS, 'secure.yaml': SECURE });
    expect(loadCredentials({ ...env, OS_CLOUD: 'none' }, undefined, 'site-b')).toMatchObject({
      identity: { method: 'application_credential', id: 'ac', secret: 'shh' },
      caFile: '/etc/b.pem',
      clientCertificate: { certFile: '/etc/me.pem', keyFile: '/etc/me.pem' },
    });
  });

  it('is the file in OS_CLIENT_CONFIG_FILE before all others', () => {
    const env = home({ 'clouds.yaml': 'clouds: {}', 'mine.yaml': CLOUDS, 'secure.yaml': SECURE });
    const OS_CLIENT_CONFIG_FILE = join(env['HOME'] ?? '', '.config/openstack/mine.yaml');
    const found = loadCredentials({ ...env, OS_CLIENT_CONFIG_FILE }, undefined, 'site-b');
    expect(found.authUrl.href).toBe('https://b.example/v3');
  });

  it('takes only missing secrets and choices from the environment', () => {
    const env = home({ 'clouds.yaml': CLOUDS });
    const more = {
      OS_APPLICATION_CREDENTIAL_SECRET: 'env',
      OS_AUTH_URL: 'https://other.example',
      OS_REGION_NAME: 'x',
      OS_INTERFACE: 'admin',
      OS_CACERT: '/etc/env.pem',
      OS_USERNAME: 'other',
    };
    expect(loadCredentials({ ...env, ...more }, undefined, 'site-b')).toMatchObject({
      authUrl: new URL('https://b.example/v3'),
      identity: { secret: 'env' },
      region: 'x',
      interfaces: ['admin'],
      caFile: '/etc/env.pem',
    });
  });

  it.each([
    ['no such file', {}, 'x', /^OS_CLOUD is 'x', but there is no clouds\.yaml in /],
    ['no such cloud', { 'clouds.yaml': CLOUDS }, 'x', /has no cloud 'x'; it has site-a, site-b$/],
    ['no such profile', { 'clouds.yaml': CLOUDS }, 'site-a', /profile 'vendor' is in no clouds-public\.yaml/],
    [
      'no secret',
      { 'clouds.yaml': CLOUDS },
      'site-b',
      /^auth\.application_credential_secret is not set .*cloud 'site-b'/,
    ],
    ['no YAML', { 'clouds.yaml': 'clouds: [password: "hidden\n' }, 'x', /^cannot read .*clouds\.yaml: /],
  ])('gives the reason of an error in one line: %s', (_, files, cloud, message) => {
    const attempt = () => loadCredentials(home(files), undefined, cloud);
    expect(attempt).toThrow(message);
    expect(attempt).not.toThrow('hidden');
  });

  it('leaves certificates unverified only if the environment allows it, too', () => {
    const auth = 'auth: { auth_url: https://x, user_id: u, password: p, project_id: q }';
    const env = home({ 'clouds.yaml': `clouds: { x: { ${auth}, verify: false } }` });
    expect(() => loadCredentials(env, undefined, 'x')).toThrow(
      /does not verify certificates: .*OS_INSECURE=true/,
    );
    expect(loadCredentials({ ...env, OS_INSECURE: 'true' }, undefined, 'x').insecure).toBe(true);
  });

  it('is not mixed with an openrc', () => {
    expect(() => loadCredentials({}, '/openrc', 'x')).toThrow(
      '--openrc and --os-cloud both name credentials',
    );
  });
});
