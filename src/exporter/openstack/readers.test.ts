import { describe, expect, it } from 'vitest';
import { readVolumes } from './cinder-volumes.ts';
import { readCredentials } from './credentials/credentials.ts';
import { overriddenEndpoint } from './credentials/endpoint-overrides.ts';
import type { HttpAnswer } from './session/http.ts';
import { readServers } from './nova-servers.ts';
import {
  NotFound,
  readFailure,
  ServiceError,
  ServiceForbidden,
  ServiceUnavailable,
  ServiceMissing,
} from './session/service-error.ts';
import { versionedPath } from './credentials/services.ts';
import type { ServiceRequest, Session } from './session/session.ts';
import { accountPath, readStoredBytes } from './swift-accounts.ts';

const credentials = readCredentials({
  OS_AUTH_URL: 'http://keystone',
  OS_USER_ID: 'u',
  OS_PASSWORD: 'p',
  OS_PROJECT_ID: 'own',
});
const timing = { sentMs: 1, receivedMs: 2, dateMs: undefined };

function session(answer: (asked: ServiceRequest) => Partial<HttpAnswer>, roles: string[] = []): Session {
  return {
    credentials,
    inProject: () => undefined,
    signIn: async () =>
      await Promise.resolve({
        catalog: [],
        user: 'u',
        project: 'mine',
        projectId: 'own',
        roles,
        domains: [],
      }),
    get: async (asked) =>
      await Promise.resolve({ status: 200, headers: {}, body: {}, timing, ...answer(asked) }),
  };
}

function volume(id: string, projectId: string) {
  return {
    id,
    size: 1,
    volume_type: null,
    created_at: '2026-01-01T00:00:00.000000',
    'os-vol-tenant-attr:tenant_id': projectId,
  };
}

describe('a list of all projects', () => {
  const own = { body: { volumes: [volume('v1', 'own')] } };
  const others = { body: { volumes: [volume('v1', 'own'), volume('v2', 'other')] } };

  it('is refused if it may be of the own project only', async () => {
    await expect(
      readVolumes(
        session(() => own),
        { allProjects: true },
      ),
    ).rejects.toThrow(ServiceForbidden);
  });

  it('is accepted for an administrator, and with an object of another project', async () => {
    expect(
      await readVolumes(
        session(() => own, ['admin']),
        { allProjects: true },
      ),
    ).toHaveLength(1);
    expect(
      await readVolumes(
        session(() => others),
        { allProjects: true },
      ),
    ).toHaveLength(2);
  });
});

describe('pages', () => {
  const link = { rel: 'next', href: 'http://inside/v3/volumes/detail?marker=v1' };
  const first = { body: { volumes: [volume('v1', 'other')], volumes_links: [link] } };

  it('that lose their marker are a failure, not a missing service', async () => {
    const cloud = session(({ query }) => {
      if (query?.['marker'] === undefined) return first;
      throw new NotFound('Cinder answers 404');
    });
    const read = readVolumes(cloud, { allProjects: true });
    await expect(read).rejects.toThrow(ServiceError);
    await expect(read).rejects.toThrow('Cinder lost its position between two pages');
  });

  it('without an end are a failure', async () => {
    await expect(
      readVolumes(
        session(() => first),
        { allProjects: true },
      ),
    ).rejects.toThrow('repeat from marker');
  });
});

describe('a server in a cell that is down', () => {
  it('is a failure, and is not left out', async () => {
    const cloud = session(() => ({
      headers: { 'openstack-api-version': 'compute 2.69' },
      body: { servers: [{ id: 's1', status: 'UNKNOWN', tenant_id: 'p', created: '', links: [] }] },
    }));
    await expect(readServers(cloud, { allProjects: true })).rejects.toThrow(
      'Nova cannot describe server s1: its cell is down',
    );
  });
});

describe('an account of the object store', () => {
  it('has its path in place of the own account', () => {
    expect(accountPath('/v1/AUTH_own', 'p1', 'own')).toBe('/v1/AUTH_p1');
    expect(accountPath('/swift/v1/AUTH_own', 'p1', 'own')).toBe('/swift/v1/AUTH_p1');
    expect(() => accountPath('/swift/v1', 'p1', 'own')).toThrow(
      'has no account: set rgw_swift_account_in_url',
    );
  });

  it('that does not exist has nothing, and an answer without a number is a failure', async () => {
    const cloud = session(({ path }) => {
      const account = typeof path === 'string' ? path : path('/v1/AUTH_own');
      if (account.endsWith('_none')) throw new NotFound('Swift answers 404');
      return { headers: account.endsWith('_odd') ? {} : { 'x-account-bytes-used': '1234567' } };
    });
    expect(await readStoredBytes(cloud, ['p1', 'none'])).toEqual(new Map([['p1', 1_234_567]]));
    await expect(readStoredBytes(cloud, ['none'])).rejects.toBeInstanceOf(ServiceMissing);
    await expect(readStoredBytes(cloud, ['p1', 'odd'])).rejects.toThrow('without a number of bytes');
  });
});

describe('an account that radosgw refuses', () => {
  const answering = (used: Record<string, string>) =>
    session(({ path }) => {
      const account = typeof path === 'string' ? path : path('/swift/v1/AUTH_own');
      if (account.endsWith('_none')) throw new ServiceForbidden('Swift answers 403');
      return { headers: used };
    });
  const radosgw = answering({ 'x-account-bytes-used': '5', 'x-account-bytes-used-actual': '4096' });

  it('does not exist if another account of others can be read', async () => {
    expect(await readStoredBytes(radosgw, ['p1', 'none'])).toEqual(new Map([['p1', 5]]));
  });

  it.each([
    ['where only the own one can be read', radosgw, ['own', 'none']],
    ['where none can be read', radosgw, ['none']],
    ['where it is one of Swift', answering({ 'x-account-bytes-used': '5' }), ['p1', 'none']],
  ])('shows a missing right %s', async (_, cloud, projects) => {
    const read = readStoredBytes(cloud, projects);
    await expect(read).rejects.toBeInstanceOf(ServiceForbidden);
    await expect(read).rejects.toThrow('Swift answers 403 (radosgw also answers so until');
  });
});

describe('addresses of services', () => {
  it.each([
    ['compute', '/compute', '/compute/v2.1'],
    ['compute', '/v2.1', '/v2.1'],
    ['network', '', '/v2.0'],
    ['network', '/network/v2.0', '/network/v2.0'],
    ['volume', '/volume', '/volume/v3/p'],
    ['volume', '/v3', '/v3/p'],
    ['volume', '/v3/p', '/v3/p'],
  ] as const)('have version and project: %s %s', (service, path, expected) => {
    expect(versionedPath(service, path, 'p')).toBe(expected);
  });

  it('that are overridden get the project in place of its placeholder', () => {
    expect(overriddenEndpoint('http://c/v3/$(tenant_id)s/', 'p').href).toBe('http://c/v3/p/');
    expect(overriddenEndpoint('http://c/v3/%(project_id)s', 'p').href).toBe('http://c/v3/p');
  });
});

it('distinguishes lasting failures from those that may pass', () => {
  expect(readFailure(new NotFound('x'))).toEqual({ failure: 'missing', reason: 'x' });
  expect(readFailure(new ServiceForbidden('x')).failure).toBe('forbidden');
  expect(readFailure(new ServiceUnavailable('x')).failure).toBe('failing');
});
