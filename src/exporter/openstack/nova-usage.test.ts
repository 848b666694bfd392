import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCredentials } from './credentials/credentials.ts';
import { formatNovaTime, parseNovaTime } from './session/nova-time.ts';
import { readServerUsage } from './nova-usage.ts';
import type { ServiceRequest, Session } from './session/session.ts';

const noon = Date.UTC(2026, 0, 1, 12);
const hour = 3_600_000;
const query = { startMs: noon, endMs: noon + hour, pageSize: undefined };
const timing = { sentMs: 1, receivedMs: 2, dateMs: undefined };

const credentials = readCredentials({
  OS_AUTH_URL: 'http://keystone:5000',
  OS_USER_ID: 'u',
  OS_PASSWORD: 'p',
  OS_PROJECT_ID: 'p',
});

/** A session whose Nova answers with these pages in turn, and remembers the requests. */
function nova(pages: unknown[], spoken = 'compute 2.40'): Session & { asked: ServiceRequest[] } {
  const asked: ServiceRequest[] = [];
  return {
    asked,
    credentials,
    inProject: () => undefined,
    signIn: async () =>
      await Promise.resolve({ catalog: [], user: 'u', project: 'p', projectId: 'p', roles: [], domains: [] }),
    get: async (request) => {
      asked.push(request);
      const headers = { 'openstack-api-version': spoken };
      return await Promise.resolve({ status: 200, headers, body: pages[asked.length - 1], timing });
    },
  };
}

function serverUsage(id: string, more: object = {}) {
  return {
    instance_id: id,
    flavor: 'm1',
    state: 'active',
    started_at: '2026-01-01T11:00:00.000000',
    ended_at: null,
    vcpus: 2,
    memory_mb: 4096,
    local_gb: 40,
    ...more,
  };
}

function page(projectId: string, servers: object[], next?: string, stop = '2026-01-01T13:00:00.000000') {
  const links = next === undefined ? {} : { tenant_usages_links: [{ rel: 'next', href: next }] };
  return { tenant_usages: [{ tenant_id: projectId, stop, server_usages: servers }], ...links };
}

const link = (marker: string) => `http://internal:8774/v2.1/os-simple-tenant-usage?start=x&marker=${marker}`;

describe("Nova's usage", () => {
  it('is requested in the microversion with pages, with times in the form of Nova', async () => {
    const session = nova([{ tenant_usages: [] }]);
    await readServerUsage(session, { ...query, pageSize: 7 });
    expect(session.asked).toEqual([
      {
        service: 'compute',
        path: '/os-simple-tenant-usage',
        query: { start: '2026-01-01T12:00:00', end: '2026-01-01T13:00:00', detailed: '1', limit: '7' },
        headers: { 'openstack-api-version': 'compute 2.40', 'x-openstack-nova-api-version': '2.40' },
      },
    ]);
  });

  it('is read to its last page, with only the marker of each link', async () => {
    const session = nova([
      page('p1', [serverUsage('s1')], link('s1')),
      page('p1', [serverUsage('s2', { ended_at: '2026-01-01T12:30:00.500000' })], link('s2')),
      page('p2', [serverUsage('s3')], undefined, '2026-01-01T12:59:59.123456'),
    ]);
    const server = {
      projectId: 'p1',
      launchedMs: noon - hour,
      flavorName: 'm1',
      state: 'active',
      vcpus: 2,
      memoryMb: 4096,
      diskGb: 40,
    };
    expect(await readServerUsage(session, query)).toEqual({
      servers: [
        { ...server, id: 's1', endedMs: undefined },
        { ...server, id: 's2', endedMs: noon + hour / 2 + 500 },
        { ...server, id: 's3', endedMs: undefined, projectId: 'p2' },
      ],
      stopMs: noon + hour - 1000 + 123,
      timing,
    });
    expect(session.asked.map(({ query: asked }) => asked)).toEqual(
      [{}, { marker: 's1' }, { marker: 's2' }].map((marker) => ({
        start: '2026-01-01T12:00:00',
        end: '2026-01-01T13:00:00',
        detailed: '1',
        ...marker,
      })),
    );
  });

  it('has a server once, with its last launch, even while it is in two cells', async () => {
    const moved = serverUsage('s1', { started_at: '2026-01-01T12:10:00.000000', vcpus: 8 });
    const session = nova([page('p1', [serverUsage('s1'), moved, serverUsage('s1')])]);
    const { servers } = await readServerUsage(session, query);
    expect(servers.map(({ id, vcpus }) => [id, vcpus])).toEqual([['s1', 8]]);
  });

  it('leaves out a server that was never launched', async () => {
    const session = nova([page('p1', [serverUsage('s1', { started_at: null })])]);
    expect((await readServerUsage(session, query)).servers).toEqual([]);
  });

  it.each([
    [[page('p1', [], link('s1')), page('p1', [], link('s1'))], "Nova's pages repeat from marker"],
    [[page('p1', [], 'http://nova/v2.1')], "Nova's link to the next page has no marker"],
    [
      [{ tenant_usages: [{ tenant_id: 'p1' }] }],
      "Nova's usage is not in the expected form: tenant_usages.0.stop",
    ],
    [[page('p1', [serverUsage('s1', { vcpus: -1 })])], "Nova's usage is not in the expected form"],
    [[page('p1', [serverUsage('s1', { started_at: 'yesterday' })])], "'yesterday' is not a time"],
    [[undefined], "Nova's usage is not in the expected form"],
  ])('is complete, or an error', async (pages, message) => {
    await expect(readServerUsage(nova(pages), query)).rejects.toThrow(message);
  });

  it('is an error if Nova ignored the microversion, because it may be cut', async () => {
    await expect(readServerUsage(nova([{ tenant_usages: [] }], 'compute 2.1'), query)).rejects.toThrow(
      'Nova answers a request in microversion 2.40 with compute 2.1: its usage may be incomplete',
    );
  });
});

describe('a time of Nova', () => {
  it('is read to the millisecond, and written without a zone', () => {
    expect(parseNovaTime('2026-01-01T12:00:00.377999')).toBe(noon + 377);
    expect(parseNovaTime('2026-01-01 12:00:00')).toBe(noon);
    expect(formatNovaTime(noon)).toBe('2026-01-01T12:00:00');
    expect(formatNovaTime(noon + 7)).toBe('2026-01-01T12:00:00.007');
    expect(parseNovaTime('2028-02-29T23:59:59.5')).toBe(Date.UTC(2028, 1, 29, 23, 59, 59, 500));
  });

  it.each([
    ['', 'nothing'],
    ['2026-01-01', 'a day'],
    ['2026-01-01T12:00', 'no seconds'],
    ['2026-01-01T12:00:00Z', 'a zone'],
    ['2026-01-01T12:00:00+00:00', 'a zone'],
    ['2026-01-01T12:00:00.', 'no digit behind the point'],
    ['2026-01-01T12:00:00.0123456789', 'ten digits behind the point'],
    ['2026-01-01T12:00:00,5', 'a comma'],
    ['2026-01-01t12:00:00', 'another separator'],
    [' 2026-01-01T12:00:00', 'a space before'],
    ['2026-01-01T12:00:00\n', 'a line feed behind'],
    ['2026-01-01T12:00:0٣', 'another digit'],
    ['-026-01-01T12:00:00', 'a sign'],
    ['2026-00-01T00:00:00', 'month 0'],
    ['2026-13-01T00:00:00', 'month 13'],
    ['2026-01-00T00:00:00', 'day 0'],
    ['2026-02-29T00:00:00', 'a day that is not in that year'],
    ['2026-01-01T24:00:00', 'hour 24'],
    ['2026-01-01T12:60:00', 'minute 60'],
    ['2026-01-01T12:00:60', 'second 60'],
    ['0001-01-01T00:00:00', 'a time before there were clocks'],
  ])('is not %j: %s', (text) => {
    expect(parseNovaTime(text)).toBeUndefined();
  });

  it('is read as by the standard parser, and refused where that parser reads another time', () => {
    const character = fc.constantFrom(...Array.from('0123456789-:T .Zz'));
    const instant = fc.integer({ min: 0, max: 4e12 });
    fc.assert(
      fc.property(instant, fc.nat({ max: 22 }), character, (instantMs, index, put) => {
        const written = new Date(instantMs).toISOString().slice(0, -1);
        const text = `${written.slice(0, index)}${put}${written.slice(index + 1)}`;
        const read = Date.parse(`${text.replace(' ', 'T')}Z`);
        const isTime = /^[1-9]\d{3}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\.\d{3}$/.test(text) && !Number.isNaN(read);
        const isThat = isTime && new Date(read).toISOString().slice(0, -1) === text.replace(' ', 'T');
        expect(parseNovaTime(text)).toBe(isThat ? read : undefined);
      }),
      { numRuns: 2000 },
    );
  });

  it('is read as it was written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e12 }), (instantMs) => {
        expect(parseNovaTime(formatNovaTime(instantMs))).toBe(instantMs);
      }),
    );
  });
});
