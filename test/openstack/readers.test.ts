import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readSnapshots } from '../../src/exporter/openstack/cinder-snapshots.ts';
import { readVolumes } from '../../src/exporter/openstack/cinder-volumes.ts';
import { readCredentials, type Credentials } from '../../src/exporter/openstack/credentials/credentials.ts';
import { DirectConnections } from '../../src/exporter/openstack/session/direct-connections.ts';
import { httpClient } from '../../src/exporter/openstack/session/http.ts';
import { isKnownAsDeleted, readOwnProjects } from '../../src/exporter/openstack/keystone.ts';
import { readFloatingIps } from '../../src/exporter/openstack/neutron-floating-ips.ts';
import { readFlavors } from '../../src/exporter/openstack/nova-flavors.ts';
import { readServers } from '../../src/exporter/openstack/nova-servers.ts';
import { readProjectUsage, readServerUsage } from '../../src/exporter/openstack/nova-usage.ts';
import { loadCredentials } from '../../src/exporter/openstack/credentials/openrc.ts';
import { readRights } from '../../src/exporter/openstack/rights.ts';
import { ServiceForbidden, ServiceMissing } from '../../src/exporter/openstack/session/service-error.ts';
import { KeystoneSession, type Session } from '../../src/exporter/openstack/session/session.ts';
import { readStoredBytes } from '../../src/exporter/openstack/swift-accounts.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import type { Belongings } from '../../src/simulation/model/belongings.ts';
import { describeWith } from '../support/describe-with.ts';
import { openstackEnvironment } from './environment.ts';
import { temporaryFolder } from '../support/processes.ts';
import { settableClock, START_MS, startCloud } from '../exporter/small-cloud.ts';

const HOUR_MS = 3_600_000;

function open(credentials: Credentials): Session {
  const connections = new DirectConnections();
  onTestFinished(() => connections.destroy());
  const http = httpClient({
    clock: systemClock,
    connections,
    timeoutMs: 60_000,
    maxBodyBytes: 100_000_000,
    retries: 2,
    firstRetryDelayMs: 500,
  });
  return new KeystoneSession({ credentials, http, clock: systemClock });
}

const T0 = START_MS;
const twoVolumes: Belongings = {
  volumes: [
    {
      id: 'v1',
      projectId: 'p0',
      volumeType: 'ssd',
      sizes: [
        { atMs: T0, sizeGb: 10 },
        { atMs: T0 + HOUR_MS, sizeGb: 20 },
      ],
    },
    {
      id: 'v2',
      projectId: 'p1',
      volumeType: 'hdd',
      sizes: [{ atMs: T0, sizeGb: 5 }],
      deletedMs: T0 + HOUR_MS,
    },
    { id: 'v3', projectId: 'p1', volumeType: 'hdd', sizes: [{ atMs: T0 - 1000, sizeGb: 7 }] },
  ],
  floatingIps: ['i1', 'i2', 'i3'].map((id, index) => ({ id, projectId: `p${index % 2}`, createdMs: T0 })),
  storedBytes: [{ projectId: 'p1', amounts: [{ atMs: T0, bytes: 1234 }] }],
};

async function simulated() {
  const clock = settableClock();
  const cloud = await startCloud(clock, { belongings: twoVolumes });
  const session = () => open(readCredentials(cloud.environment()));
  return { clock, cloud, session };
}

describe('the readers of a simulated cloud', () => {
  it('read present volumes, floating IPs and stored bytes, page by page', async () => {
    const { clock, session } = await simulated();
    const volumes = async () => await readVolumes(session(), { allProjects: true, pageSize: 1 });
    const v1 = { id: 'v1', projectId: 'p0', sizeGb: 10, volumeType: 'ssd', createdMs: T0 };
    const v2 = { id: 'v2', projectId: 'p1', sizeGb: 5, volumeType: 'hdd', createdMs: T0 };
    const v3 = { id: 'v3', projectId: 'p1', sizeGb: 7, volumeType: 'hdd', createdMs: T0 - 1000 };
    expect(await volumes()).toEqual([v2, v1, v3]);
    clock.passTime(HOUR_MS);
    expect(await volumes()).toEqual([{ ...v1, sizeGb: 20 }, v3]);
    const ips = await readFloatingIps(session(), { allProjects: true, pageSize: 2 });
    expect(ips.map(({ id, createdMs }) => [id, createdMs])).toEqual([
      ['i1', T0],
      ['i2', T0],
      ['i3', T0],
    ]);
    expect(await readStoredBytes(session(), ['p0', 'p1'])).toEqual(new Map([['p1', 1234]]));
  });

  it('read servers and flavors over pages', async () => {
    const { cloud, session } = await simulated();
    const all = await readServers(session(), { allProjects: true, pageSize: 7 });
    expect(all.length).toBe(new Set(all.map(({ id }) => id)).size);
    expect(all.length).toBeGreaterThan(0);
    const ofOne = await readServers(session(), { allProjects: true, projectId: 'p0', pageSize: 3 });
    const ids = all.filter(({ projectId }) => projectId === 'p0').map(({ id }) => id);
    expect(ofOne.map(({ id }) => id).sort()).toEqual(ids.sort());
    const flavors = await readFlavors(session(), 2);
    expect(flavors.length).toBe(cloud.model().flavors.length);
  });

  it('distinguish missing, forbidden and failing services', async () => {
    const { cloud, session } = await simulated();
    cloud.setServices({ volume: 'missing', network: 'forbidden' });
    const failures = async () =>
      Object.fromEntries(
        (await readRights(session(), T0)).flatMap(({ right, failure }) =>
          failure ? [[right, failure]] : [],
        ),
      );
    expect(await failures()).toEqual({
      'volumes of all projects': 'missing',
      'snapshots of all projects': 'missing',
      'floating IPs of all projects': 'forbidden',
    });
    cloud.setServices({ volume: 'present', network: 'missing' });
    cloud.setFaults(({ path }) => (path.startsWith('/volume/') ? { body: 'oops' } : undefined));
    expect(await failures()).toEqual({
      'volumes of all projects': 'failing',
      'snapshots of all projects': 'missing',
      'floating IPs of all projects': 'missing',
    });
  });
});

describeWith(['openstack'], 'the readers of a real OpenStack', ({ openstack }) => {
  const beside = (name: string) => openstack.replace(/openrc$/, name);
  const admin = () => open(loadCredentials({}, openstack));
  const reader = () => open(loadCredentials({}, beside('openrc-reader')));

  it('read flavors with their extra specs, in pages of any size', async () => {
    const flavors = await readFlavors(admin());
    expect(flavors.length).toBeGreaterThanOrEqual(10);
    for (const { name, extraSpecs } of flavors)
      expect({ name, extraSpecs }).toMatchObject({ extraSpecs: {} });
    expect(await readFlavors(admin(), 3)).toEqual(flavors);
  });

  it('read the servers of all projects with metadata and flavors', async () => {
    const servers = await readServers(admin(), { allProjects: true });
    expect(new Set(servers.map(({ projectId }) => projectId)).size).toBeGreaterThan(5);
    expect(servers.every(({ flavor }) => flavor.name !== '' && flavor.extraSpecs !== undefined)).toBe(true);
    const named = servers.filter(({ metadata }) => 'project_name' in metadata);
    expect(named.length).toBeGreaterThan(1);
    expect(await readServers(admin(), { allProjects: true, pageSize: 2 })).toEqual(servers);
  });

  it("read one project's servers, and deleted servers without metadata", async () => {
    const session = admin();
    const living = await readServers(session, { allProjects: true });
    const projectId = living.find(({ metadata }) => 'project_name' in metadata)?.projectId ?? '';
    const ofOne = await readServers(session, { allProjects: true, projectId, pageSize: 1 });
    const ids = living.filter((server) => server.projectId === projectId).map(({ id }) => id);
    expect(ofOne.map(({ id }) => id).sort()).toEqual(ids.sort());
    const changesSinceMs = Date.UTC(2020, 0, 1);
    const changed = await readServers(session, { allProjects: true, changesSinceMs });
    const gone = changed.filter(({ id }) => !living.some((server) => server.id === id));
    expect(gone.length).toBeGreaterThan(0);
    expect(gone.filter(({ metadata }) => Object.keys(metadata).length > 0)).toEqual([]);
  });

  it('read the volumes of all projects', async () => {
    const volumes = await readVolumes(admin(), { allProjects: true });
    expect(volumes.length).toBeGreaterThanOrEqual(3);
    expect(volumes).toContainEqual(expect.objectContaining({ sizeGb: 40, volumeType: 'fake' }));
    expect(
      volumes.every(({ createdMs, projectId }) => createdMs > Date.UTC(2026, 0, 1) && projectId !== ''),
    ).toBe(true);
    expect(await readVolumes(admin(), { allProjects: true, pageSize: 1 })).toEqual(volumes);
  });

  it('distinguish a missing service from a forbidden service', async () => {
    await expect(readFloatingIps(admin(), { allProjects: true })).rejects.toBeInstanceOf(ServiceMissing);
    await expect(readStoredBytes(admin(), ['p'])).rejects.toBeInstanceOf(ServiceMissing);
    await expect(readServers(reader(), { allProjects: true })).rejects.toBeInstanceOf(ServiceForbidden);
    await expect(readVolumes(reader(), { allProjects: true })).rejects.toBeInstanceOf(ServiceForbidden);
    await expect(readSnapshots(reader(), { allProjects: true })).rejects.toBeInstanceOf(ServiceForbidden);
  });

  it('know that a project is deleted only with the right to read any project', async () => {
    const noProject = '0'.repeat(32);
    expect(await isKnownAsDeleted(admin(), noProject)).toBe(true);
    expect(await isKnownAsDeleted(reader(), noProject)).toBe(false);
  });

  it('give a user without rights the data of the own project', async () => {
    const session = reader();
    const projects = await readOwnProjects(session);
    expect(projects).toEqual([
      expect.objectContaining({ name: 'demo', domain: { id: 'default', name: 'Default' } }),
    ]);
    const [demo] = projects;
    const untilNow = () => ({
      startMs: Date.UTC(2026, 0, 1),
      endMs: Date.now() - 60_000,
      pageSize: undefined,
    });
    // The servers of a cloud that has just started are younger than the window.
    await expect
      .poll(async () => (await readProjectUsage(session, demo?.id ?? '', untilNow())).servers.length)
      .toBeGreaterThan(0);
    const window = untilNow();
    const own = await readProjectUsage(session, demo?.id ?? '', window);
    const all = await readServerUsage(admin(), window);
    const ofDemo = all.servers.filter(({ projectId }) => projectId === demo?.id);
    expect(own.servers).toEqual(ofDemo);
    expect(await readProjectUsage(session, demo?.id ?? '', { ...window, pageSize: 1 })).toMatchObject({
      servers: ofDemo,
    });
    expect(
      (await readVolumes(session, { allProjects: false })).every(({ projectId }) => projectId === demo?.id),
    ).toBe(true);
    const servers = await readServers(session, { allProjects: false });
    expect(new Set(servers.map(({ projectId }) => projectId))).toEqual(new Set([demo?.id]));
    const none = { ...window, endMs: window.startMs + HOUR_MS };
    expect((await readProjectUsage(session, demo?.id ?? '', none)).servers).toEqual([]);
  });

  it('report the rights of a role', async () => {
    const of = async (session: Session) =>
      Object.fromEntries(
        (await readRights(session, Date.now())).map(({ right, failure }) => [right, failure ?? 'allowed']),
      );
    const missing = {
      'floating IPs of all projects': 'missing',
      'object storage of all projects': 'missing',
    };
    expect(await of(admin())).toEqual({
      projects: 'allowed',
      domains: 'allowed',
      'usage of all projects': 'allowed',
      'servers of all projects': 'allowed',
      'actions on servers': 'allowed',
      'extra specs of flavors': 'allowed',
      'volumes of all projects': 'allowed',
      'snapshots of all projects': 'allowed',
      ...missing,
    });
    expect(await of(reader())).toEqual({
      projects: 'forbidden',
      domains: 'forbidden',
      'usage of all projects': 'forbidden',
      'servers of all projects': 'forbidden',
      'actions on servers': 'allowed',
      'extra specs of flavors': 'allowed',
      'volumes of all projects': 'forbidden',
      'snapshots of all projects': 'forbidden',
      ...missing,
    });
  });

  it.each([
    ['clouds.yaml with its password in secure.yaml', 'openrc'],
    ['an application credential by id', 'openrc-appcred'],
    ['an auth URL without version', 'openrc unversioned'],
    ['a password from a file', 'openrc password file'],
  ])('sign in by %s', async (_, kind) => {
    const folder = temporaryFolder();
    const env = cloudFiles(kind, folder, beside);
    const signedIn = await open(loadCredentials(env, undefined, env['OS_CLOUD'])).signIn();
    expect(signedIn).toMatchObject({ user: 'admin', project: 'admin' });
  });

  it('sign in by an application credential by name', async () => {
    const variables = openstackEnvironment(beside('openrc-appcred'));
    const { OS_APPLICATION_CREDENTIAL_ID: id, ...rest } = variables;
    const name = await credentialName(admin(), id ?? '');
    const named = {
      OS_APPLICATION_CREDENTIAL_NAME: name,
      OS_USERNAME: 'admin',
      OS_USER_DOMAIN_NAME: 'Default',
    };
    const session = open(loadCredentials({ ...rest, ...named }, undefined));
    expect(await session.signIn()).toMatchObject({ user: 'admin', project: 'admin' });
  });
});

async function credentialName(session: Session, id: string): Promise<string> {
  const ask = async (path: string, query = {}) =>
    (await session.get({ service: 'identity', path, query })).body as Record<string, unknown>;
  const { users } = (await ask('/users', { name: 'admin' })) as { users: { id: string }[] };
  const found = await ask(`/users/${users[0]?.id}/application_credentials/${id}`);
  return (found['application_credential'] as { name: string }).name;
}

/** Writes clouds.yaml and secure.yaml, or returns variables, for a kind of credentials. */
function cloudFiles(kind: string, folder: string, beside: (name: string) => string): Record<string, string> {
  const [file = '', ...how] = kind.split(' ');
  const variables = openstackEnvironment(beside(file));
  const config = (auth: object, secret: object): Record<string, string> => {
    mkdirSync(join(folder, 'openstack'), { recursive: true });
    const clouds = { clouds: { lab: { auth, region_name: variables['OS_REGION_NAME'] } } };
    writeFileSync(join(folder, 'openstack', 'clouds.yaml'), JSON.stringify(clouds));
    writeFileSync(
      join(folder, 'openstack', 'secure.yaml'),
      JSON.stringify({ clouds: { lab: { auth: secret } } }),
    );
    return { HOME: folder, XDG_CONFIG_HOME: folder, OS_CLOUD: 'lab' };
  };
  const {
    OS_AUTH_URL: auth_url = '',
    OS_USERNAME: username = 'admin',
    OS_PASSWORD: password = '',
  } = variables;
  if (how[0] === 'unversioned') return { ...variables, OS_AUTH_URL: new URL('/', auth_url).href };
  if (how[0] === 'password') {
    writeFileSync(join(folder, 'password'), `${password}\n`);
    const { OS_PASSWORD: _password, ...rest } = variables;
    return { ...rest, OS_PASSWORD_FILE: join(folder, 'password') };
  }
  if (file === 'openrc')
    return config({ auth_url, username, project_name: 'admin', user_domain_name: 'Default' }, { password });
  const id = variables['OS_APPLICATION_CREDENTIAL_ID'];
  const secret = variables['OS_APPLICATION_CREDENTIAL_SECRET'];
  return config({ auth_url, application_credential_id: id }, { application_credential_secret: secret });
}
