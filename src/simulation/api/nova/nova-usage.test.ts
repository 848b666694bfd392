import { describe, expect, it } from 'vitest';
import type { Flavor, ServerLife } from '../../model/server-life.ts';
import { stableUuid } from '../../model/stable-ids.ts';
import { staticCloud } from '../../model/static-cloud.ts';
import { usageTruth } from '../../model/truth.ts';
import type { ApiContext } from '../context/api-context.ts';
import { ApiError, type ApiRequest } from '../context/exchange.ts';
import { ALL_SERVICES } from '../context/services.ts';
import { answerUsage } from './nova-usage.ts';
import { type Token, TokenStore } from '../context/tokens.ts';

const small: Flavor = {
  id: 's',
  name: 's',
  vcpus: 1,
  memoryMb: 1024,
  diskGb: 10,
  ephemeralGb: 5,
  extraSpecs: {},
};
const large: Flavor = { ...small, id: 'l', name: 'l', vcpus: 8, memoryMb: 16_384 };
const at = (time: string) => Date.parse(`2026-05-01T${time}Z`);

function life(id: string, launches: ServerLife['launches'], more: Partial<ServerLife> = {}): ServerLife {
  return { id, name: id, projectId: 'p', metadata: {}, launches, ...more };
}

function contextOf(servers: ServerLife[], now: string, maxLimit = 1000, down: string[] = []): ApiContext {
  const model = staticCloud({ domains: [], projects: [], servers });
  return {
    model,
    nowMs: at(now),
    novaNowMs: at(now),
    downCells: new Set(down),
    tokens: new TokenStore(1000),
    users: [],
    region: 'R',
    services: ALL_SERVICES,
    maxLimit,
  };
}

const token: Token = {
  user: { name: 'a', password: 'a', role: 'admin', project: { id: 'admin', name: 'admin' } },
  issuedMs: 0,
  expiresMs: 0,
};

interface UsageBody {
  tenant_usages: {
    tenant_id: string;
    server_usages?: {
      instance_id: string;
      hours: number;
      vcpus: number;
      started_at: string;
      ended_at: string | null;
    }[];
    total_hours: number;
    start: string;
    stop: string;
  }[];
  tenant_usages_links?: { href: string }[];
}

function usage(query: string, context: ApiContext, minor = 40): UsageBody {
  const request: ApiRequest = {
    method: 'GET',
    path: '',
    query: new URLSearchParams(query),
    headers: {},
    body: '',
    origin: 'http://cloud',
  };
  return answerUsage(request, context, token, minor).body as UsageBody;
}

function serversOf(body: UsageBody): string[] {
  return body.tenant_usages.flatMap(({ server_usages = [] }) =>
    server_usages.map((server) => server.instance_id),
  );
}

const DAY = 'start=2026-05-01T00:00:00&end=2026-05-02T00:00:00&detailed=1';

describe('the usage that the simulated Nova shows', () => {
  it('forgets everything before a resize, and counts the new flavor', () => {
    const resized = life('a', [
      { atMs: at('01:00:00'), flavor: small },
      { atMs: at('03:00:00'), flavor: large },
    ]);
    const before = usage(DAY, contextOf([resized], '02:00:00'));
    const after = usage(DAY, contextOf([resized], '04:00:00'));
    expect(before.tenant_usages[0]?.server_usages).toMatchObject([
      { hours: 1, vcpus: 1, started_at: '2026-05-01T01:00:00.000000' },
    ]);
    expect(after.tenant_usages[0]?.server_usages).toMatchObject([
      { hours: 1, vcpus: 8, started_at: '2026-05-01T03:00:00.000000' },
    ]);
  });

  it('leaves out a server that was launched again after the end of the window', () => {
    const rebuilt = life('a', [
      { atMs: at('01:00:00'), flavor: small },
      { atMs: at('03:00:00'), flavor: small },
    ]);
    const query = 'start=2026-05-01T00:00:00&end=2026-05-01T02:00:00';
    expect(usage(query, contextOf([rebuilt], '04:00:00'))).toEqual({ tenant_usages: [] });
  });

  it('counts a deleted server until it is archived', () => {
    const gone = life('a', [{ atMs: at('01:00:00'), flavor: small }], {
      deletedMs: at('02:00:00'),
      archivedMs: at('06:00:00'),
    });
    const seen = usage(DAY, contextOf([gone], '05:59:59'));
    expect(seen.tenant_usages[0]).toMatchObject({
      total_hours: 1,
      start: '2026-05-01T00:00:00.000000',
      stop: '2026-05-01T05:59:59.000000',
    });
    expect(seen.tenant_usages[0]?.server_usages).toMatchObject([{ ended_at: '2026-05-01T02:00:00.000000' }]);
    expect(usage(DAY, contextOf([gone], '06:00:00'))).toEqual({ tenant_usages: [] });
  });

  it('is cut at the limit, silently below 2.40, and with links to the next page since 2.40', () => {
    const servers = ['c', 'a', 'b'].map((id) =>
      life(stableUuid(id), [{ atMs: at('01:00:00'), flavor: small }]),
    );
    const ids = servers.map(({ id }) => id).sort();
    const context = contextOf(servers, '02:00:00', 2);
    const cut = usage(DAY, context, 1);
    expect([serversOf(cut), cut.tenant_usages_links]).toEqual([ids.slice(0, 2), undefined]);
    const first = usage(DAY, context);
    const link = new URL(first.tenant_usages_links?.[0]?.href ?? '');
    expect(link.pathname).toBe('/compute/v2.1/os-simple-tenant-usage');
    const second = usage(link.search, context);
    expect([...serversOf(first), ...serversOf(second)]).toEqual(ids);
    expect(second.tenant_usages_links).toBeUndefined();
  });

  it('continues after a marker that has left the window, and refuses an archived marker', () => {
    const [first, second] = ['a', 'b'].map((id) => life(id, [{ atMs: at('01:00:00'), flavor: small }])) as [
      ServerLife,
      ServerLife,
    ];
    const servers = [{ ...first, deletedMs: at('02:00:00'), archivedMs: at('05:00:00') }, second];
    const query = 'start=2026-05-01T03:00:00&detailed=1&marker=a';
    expect(serversOf(usage(query, contextOf(servers, '04:00:00')))).toEqual(['b']);
    expect(() => usage(query, contextOf(servers, '05:00:00'))).toThrow(ApiError);
  });

  it('comes from one cell after the other, and is an error if a page reaches a cell that is down', () => {
    const launches: ServerLife['launches'] = [{ atMs: at('01:00:00'), flavor: small }];
    const servers = ['b', 'a', 'd', 'c'].map((id, index) =>
      life(id, launches, { cell: index < 2 ? 'cell2' : 'cell1' }),
    );
    const read = (marker: string, down: string[] = []) =>
      serversOf(usage(`${DAY}${marker}`, contextOf(servers, '02:00:00', 3, down)));
    expect([read(''), read('&marker=a'), read('&marker=c')]).toEqual([
      ['c', 'd', 'a'],
      ['b'],
      ['d', 'a', 'b'],
    ]);
    expect(() => read('&limit=3&marker=a', ['cell2'])).toThrow(ApiError);
    expect(() => read('', ['cell2'])).toThrow(ApiError);
    expect(serversOf(usage(`${DAY}&limit=2`, contextOf(servers, '02:00:00', 3, ['cell2'])))).toEqual([
      'c',
      'd',
    ]);
  });

  it('has the new flavor of a resize before the launch', () => {
    const resized = life('a', [
      { atMs: at('01:00:00'), flavor: small },
      { atMs: at('03:00:00'), flavorShownMs: at('02:59:00'), flavor: large },
    ]);
    const shown = (now: string) => usage(DAY, contextOf([resized], now)).tenant_usages[0]?.server_usages?.[0];
    expect(shown('02:59:00')).toMatchObject({ vcpus: 8, started_at: '2026-05-01T01:00:00.000000' });
    expect(shown('03:00:01')).toMatchObject({ vcpus: 8, started_at: '2026-05-01T03:00:00.000000' });
  });

  it('is the truth for windows that end now, without a second launch or archived server', () => {
    const servers = [
      life('a', [{ atMs: at('00:30:00'), flavor: small }], { deletedMs: at('01:20:00') }),
      life('b', [{ atMs: at('01:40:00'), flavor: large }]),
    ];
    const context = contextOf(servers, '02:00:00');
    const body = usage('start=2026-05-01T01:00:00&end=2026-05-01T02:00:00', context);
    const truth = usageTruth(context.model, at('01:00:00'), at('02:00:00')).get('p');
    expect(body.tenant_usages[0]?.total_hours).toBeCloseTo(40 / 60, 12);
    expect(truth).toEqual({
      vcpu: 10_800_000n,
      mb: 20_889_600_000n,
      disk_gb: 36_000_000n,
      instance: 2_400_000n,
    });
  });
});
