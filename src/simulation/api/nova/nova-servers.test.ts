import { describe, expect, it } from 'vitest';
import type { Flavor, ServerLife } from '../../model/server-life.ts';
import { staticCloud } from '../../model/static-cloud.ts';
import type { ApiContext } from '../context/api-context.ts';
import { ApiError, type ApiRequest } from '../context/exchange.ts';
import { answerServer, answerServers } from './nova-servers.ts';
import { ALL_SERVICES } from '../context/services.ts';
import { type Token, TokenStore } from '../context/tokens.ts';

const flavor: Flavor = {
  id: 'f',
  name: 'f',
  vcpus: 1,
  memoryMb: 1024,
  diskGb: 1,
  ephemeralGb: 0,
  extraSpecs: {},
};
const user = { name: 'a', password: 'a', role: 'admin', project: { id: 'admin', name: 'admin' } } as const;
const token: Token = { user, issuedMs: 0, expiresMs: 0 };

/** A server that was created at that second. */
function life(id: string, atS: number, more: Partial<ServerLife> = {}): ServerLife {
  const launches: ServerLife['launches'] = [{ atMs: atS * 1000, flavor }];
  return { id, name: id, projectId: 'p', metadata: {}, launches, ...more };
}

const model = staticCloud({
  domains: [],
  projects: [],
  servers: [
    life('a', 1, { cell: 'cell1' }),
    life('b', 2, { cell: 'cell2' }),
    life('c', 3, { cell: 'cell1', deletedMs: 25_000 }),
    life('d', 4, { cell: 'cell1' }),
    life('e', 30, { cell: 'cell1' }),
  ],
});

function contextAt(nowS: number, downCells: string[] = []): ApiContext {
  const nowMs = nowS * 1000;
  return {
    model,
    nowMs,
    novaNowMs: nowMs,
    downCells: new Set(downCells),
    tokens: new TokenStore(1000),
    users: [],
    region: 'R',
    services: ALL_SERVICES,
    maxLimit: 1000,
  };
}

function request(query: string): ApiRequest {
  const origin = 'http://cloud';
  return { method: 'GET', path: '', query: new URLSearchParams(query), headers: {}, body: '', origin };
}

function listed(query: string, context: ApiContext, minor = 69): string[] {
  const { body } = answerServers(request(`all_tenants=1&${query}`), context, token, minor);
  const { servers } = body as { servers: { id: string; status: string }[] };
  return servers.map(({ id, status }) => `${id} ${status}`);
}

describe('the servers that the simulated Nova lists', () => {
  it('are sorted from the newest, page by page, also while servers come and go', () => {
    expect(listed('limit=2', contextAt(20))).toEqual(['d ACTIVE', 'c ACTIVE']);
    expect(listed('limit=2&marker=d', contextAt(30))).toEqual(['b ACTIVE', 'a ACTIVE']);
    expect(listed('', contextAt(30))).toEqual(['e ACTIVE', 'd ACTIVE', 'b ACTIVE', 'a ACTIVE']);
    expect(listed('changes-since=1970-01-01T00:00:25', contextAt(30))).toEqual(['e ACTIVE', 'c DELETED']);
    expect(() => listed('marker=c', contextAt(30))).toThrow(ApiError);
  });

  it('have only their ids while their cell is down', () => {
    const down = contextAt(20, ['cell1']);
    expect(listed('', down)).toEqual(['a UNKNOWN', 'c UNKNOWN', 'd UNKNOWN', 'b ACTIVE']);
    const { body } = answerServer('a', request(''), down, token, 69);
    expect((body as { server: object }).server).toMatchObject({ id: 'a', status: 'UNKNOWN' });
  });

  it('omit those of a cell that is down, without an error, below 2.69 and with paging or filters', () => {
    const down = contextAt(20, ['cell1']);
    const lists = [listed('', down, 68), listed('limit=9', down), listed('project_id=p', down)];
    expect(lists).toEqual([['b ACTIVE'], ['b ACTIVE'], ['b ACTIVE']]);
    expect(() => answerServer('a', request(''), down, token, 68)).toThrow(ApiError);
  });
});
