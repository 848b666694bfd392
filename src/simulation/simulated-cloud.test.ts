import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Clock } from '../runtime/clock.ts';
import { formatAddress } from '../runtime/http/listen.ts';
import { silentLogger } from '../runtime/logger.ts';
import type { SimulatedUser } from './api/context/users.ts';
import type { Flavor, ServerLife } from './model/server-life.ts';
import { stableUuid } from './model/stable-ids.ts';
import { staticCloud } from './model/static-cloud.ts';
import { createSimulatedCloud, SIMULATION_DEFAULTS } from './simulated-cloud.ts';

/** Recorded exchanges with a real OpenStack (Zed). Lists are cut to their first element. */
interface Exchange {
  name: string;
  method: string;
  path: string;
  token: 'admin' | 'reader' | 'bad' | null;
  headers?: Record<string, string>;
  requestBody?: unknown;
  status: number;
  answerHeaders: Record<string, string>;
  body: unknown;
}

const exchanges = JSON.parse(
  readFileSync(new URL('fixtures/exchanges.json', import.meta.url), 'utf8'),
) as Exchange[];

const DEMO = '1c30210a47ce4fa38e9ee335f9f1d65a';
const SIMPLE_VM = 'bd6ca28845e04dee8e3cd0c9e5a6604a';
const ELIXIR = '81723be676894e28990f0765cdf81ad4';
const NOW = Date.parse('2026-11-22T13:55:15.300Z');

const flavor: Flavor = {
  id: '1',
  name: 'm1.small',
  vcpus: 2,
  memoryMb: 2048,
  diskGb: 20,
  ephemeralGb: 10,
  extraSpecs: {},
};

function server(id: string, more: Partial<ServerLife> = {}): ServerLife {
  const launches: ServerLife['launches'] = [{ atMs: Date.parse('2026-11-22T13:54:55Z'), flavor }];
  return { id, name: id.slice(0, 4), projectId: DEMO, metadata: {}, launches, ...more };
}

const model = staticCloud({
  domains: [
    { id: 'default', name: 'Default' },
    { id: ELIXIR, name: 'elixir' },
  ],
  projects: [
    { id: DEMO, name: 'demo', domainId: 'default' },
    { id: SIMPLE_VM, name: 'SimpleVM', domainId: ELIXIR },
  ],
  servers: [
    server('2c2e0796-24ca-446e-8031-163dea549224', {
      projectId: SIMPLE_VM,
      metadata: { project_name: 'β "x"' },
    }),
    server(stableUuid('gone'), { deletedMs: Date.parse('2026-11-22T13:55:05Z') }),
    ...Array.from({ length: 20 }, (_, index) => server(stableUuid(`server ${index}`))),
  ],
});

const admin: SimulatedUser = {
  name: 'admin',
  password: 'secret',
  role: 'admin',
  project: { id: '53bf52573b9e45b6bce58be77ca2e285', name: 'admin' },
  applicationCredential: { id: '98687f61521d47098b5815a5733a5dc5', name: 'lab', secret: '...' },
};
const reader: SimulatedUser = {
  name: 'reader',
  password: 'read',
  role: 'reader',
  project: { id: DEMO, name: 'demo' },
};

const clock: Clock = { nowMs: () => NOW, sleep: () => Promise.resolve() };
const cloud = createSimulatedCloud(
  {
    ...SIMULATION_DEFAULTS,
    listen: { host: '127.0.0.1', port: 0 },
    source: { model },
    users: [admin, reader],
  },
  { clock, logger: silentLogger() },
);
const tokens: Record<string, string> = { bad: 'gAAAAAnonsense' };

async function ask(exchange: Exchange): Promise<{ status: number; headers: Headers; body: unknown }> {
  const response = await fetch(`http://${formatAddress(cloud.address)}${exchange.path}`, {
    method: exchange.method,
    redirect: 'manual',
    headers: { ...exchange.headers, ...(exchange.token && { 'X-Auth-Token': tokens[exchange.token] ?? '' }) },
    ...(exchange.requestBody !== undefined && { body: JSON.stringify(exchange.requestBody) }),
  });
  const text = (await response.text()).replaceAll(`http://${formatAddress(cloud.address)}`, 'ORIGIN');
  const json = response.headers.get('content-type')?.startsWith('application/json') ?? false;
  return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : text };
}

async function signInAs(user: SimulatedUser): Promise<string> {
  const domain = { name: 'Default' };
  const identity = { methods: ['password'], password: { user: { ...user, domain } } };
  const scope = { project: { id: user.project.id } };
  const response = await fetch(`http://${formatAddress(cloud.address)}/v3/auth/tokens`, {
    method: 'POST',
    body: JSON.stringify({ auth: { identity, scope } }),
  });
  return response.headers.get('x-subject-token') ?? '';
}

/** The members of an answer at all levels, and the first element of lists. Leaves out metadata, which vary. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf);
  if (value === null || typeof value !== 'object') return 'value';
  const members = Object.entries(value).filter(
    ([name]) => !['metadata', 'extra_specs', 'roles'].includes(name),
  );
  return Object.fromEntries(members.map(([name, member]) => [name, shapeOf(member)]));
}

beforeAll(async () => {
  await cloud.start();
  tokens['admin'] = await signInAs(admin);
  tokens['reader'] = await signInAs(reader);
});
afterAll(() => cloud.close());

describe('a simulated cloud answers like a real one', () => {
  for (const exchange of exchanges.filter(({ status }) => status < 400)) {
    it(`with the same members: ${exchange.name}`, async () => {
      const answer = await ask(exchange);
      expect({ status: answer.status, body: shapeOf(answer.body) }).toEqual({
        status: exchange.status,
        body: shapeOf(exchange.body),
      });
    });
  }

  for (const exchange of exchanges.filter(({ status }) => status >= 400)) {
    it(`word for word: ${exchange.name}`, async () => {
      const answer = await ask(exchange);
      expect({ status: answer.status, body: answer.body }).toEqual({
        status: exchange.status,
        body: exchange.body,
      });
    });
  }

  it('states the microversion of the answer, and its own time', async () => {
    const response = await fetch(`http://${formatAddress(cloud.address)}/compute/v2.1`, {
      headers: { 'OpenStack-API-Version': 'compute 2.61' },
    });
    expect(response.headers.get('openstack-api-version')).toBe('compute 2.61');
    expect(response.headers.get('date')).toBe('Sun, 22 Nov 2026 13:55:15 GMT');
  });

  it('can be reached with the variables of environment()', () => {
    expect(cloud.environment()).toEqual({
      OS_AUTH_URL: `http://${formatAddress(cloud.address)}/v3`,
      OS_USERNAME: 'admin',
      OS_PASSWORD: 'secret',
      OS_USER_DOMAIN_NAME: 'Default',
      OS_PROJECT_NAME: 'admin',
      OS_PROJECT_DOMAIN_NAME: 'Default',
      OS_REGION_NAME: 'RegionOne',
      OS_INTERFACE: 'public',
      OS_IDENTITY_API_VERSION: '3',
    });
  });
});

describe('a fault', () => {
  const usage: Exchange = {
    name: 'usage',
    method: 'GET',
    path: '/compute/v2.1/os-simple-tenant-usage?start=2026-11-21T13:55:13',
    token: 'admin',
    status: 200,
    answerHeaders: {},
    body: undefined,
  };

  it('replaces the answers to the requests that it selects, and no others', async () => {
    const busy = { status: 503, headers: { 'Retry-After': '7' }, body: 'busy' };
    cloud.setFaults(({ path }) => (path.startsWith('/compute') ? busy : undefined));
    const response = await fetch(`http://${formatAddress(cloud.address)}${usage.path}`);
    expect([response.status, response.headers.get('retry-after'), await response.text()]).toEqual([
      503,
      '7',
      'busy',
    ]);
    expect((await fetch(`http://${formatAddress(cloud.address)}/v3`)).status).toBe(200);
    cloud.setFaults(undefined);
    expect((await ask(usage)).status).toBe(200);
  });

  it('can cut an answer off', async () => {
    cloud.setFaults(() => ({ truncateBytes: 100 }));
    await expect(ask(usage)).rejects.toThrow('terminated');
    cloud.setFaults(undefined);
  });
});
