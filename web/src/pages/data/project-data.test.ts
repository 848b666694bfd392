import { describe, expect, it } from 'vitest';
import { Api, type UsageRow } from '../../api.ts';
import { loadProject } from './project-data.ts';

const NOW = Date.UTC(2026, 10, 22, 14, 30);

function row(resource: string, start: string, amount: number, coverage: UsageRow['coverage']): UsageRow {
  return { resource, start, amount, unit: `${resource}-hours`, coverage };
}

describe('a project’s page', () => {
  it('has a stack for each resource, tells days without usage from days without readings, and finds the exact id', async () => {
    const answers: Record<string, unknown[]> = {
      '/api/v1/coverage': [20, 21, 22].map((day) => ({
        start: `2026-11-${day}T00:00:00.000Z`,
        coverage: 'measured',
        reached: true,
      })),
      '/api/v1/projects': [
        { site: 'a', project_id: 'p1-old' },
        { site: 'a', project_id: 'p1', project_name: 'one' },
      ],
      '/api/v1/usage': [
        row('mb', '2026-11-21T00:00:00.000Z', 2, 'measured'),
        row('vcpu', '2026-11-21T00:00:00.000Z', 1, 'measured'),
        row('vcpu', '2026-11-22T00:00:00.000Z', 3, 'spread'),
      ],
    };
    const fetchAnswer = (address: string) => {
      const { pathname } = new URL(address, 'http://portal');
      return Promise.resolve(Response.json({ data: answers[pathname], next: null }));
    };
    const api = new Api(fetchAnswer, () => NOW);
    const data = await loadProject(
      api,
      { site: 'a', projectId: 'p1' },
      { range: '7d', zone: 'UTC', compare: 'none' },
      'day',
      new AbortController().signal,
    );
    expect(data.identity).toEqual([{ site: 'a', project_id: 'p1', project_name: 'one' }]);
    expect(
      data.resources.map(({ resource, unit, total, stack }) => [
        resource,
        unit,
        total,
        stack.totals.slice(-4),
      ]),
    ).toEqual([
      ['vcpu', 'vcpu-hours', 4, [null, 0, 1, 3]],
      ['mb', 'mb-hours', 2, [null, 0, 2, 0]],
    ]);
    expect(data.coverages.slice(-4)).toEqual(['none', 'measured', 'measured', 'spread']);
  });

  it('asks for server hours by flavor and state only if there are any, and has no other place for them', async () => {
    const server = row('server', '2026-11-22T00:00:00.000Z', 5, 'measured');
    const asked: (string | null)[] = [];
    let usage = [row('instance', '2026-11-22T00:00:00.000Z', 5, 'measured')];
    const fetchAnswer = (address: string) => {
      const { pathname, searchParams } = new URL(address, 'http://portal');
      if (pathname !== '/api/v1/usage') return Promise.resolve(Response.json({ data: [], next: null }));
      asked.push(searchParams.get('by'));
      const byFlavor = searchParams.get('by') === 'flavor,state';
      const data = byFlavor ? [{ ...server, state: 'active', flavor: { label: 'f/1/1/1/0/0/0' } }] : usage;
      return Promise.resolve(Response.json({ data, next: null }));
    };
    const api = new Api(fetchAnswer, () => NOW);
    const { signal } = new AbortController();
    const load = async () =>
      await loadProject(
        api,
        { site: 'a', projectId: 'p1' },
        { range: '7d', zone: 'UTC', compare: 'none' },
        'day',
        signal,
      );
    expect((await load()).servers).toBeUndefined();
    usage = [...usage, server];
    const data = await load();
    expect(data.servers).toMatchObject({ total: 5, states: ['active'] });
    expect(data.resources.map(({ resource }) => resource)).toEqual(['instance']);
    expect(asked).toEqual(['resource', 'resource', 'flavor,state']);
  });

  it('shows the coverage of the portal for an hour without usage: a reading that is not due yet is not missing', async () => {
    const hour = (start: string, coverage: string, reached: boolean) => ({ start, coverage, reached });
    const answers: Record<string, unknown[]> = {
      '/api/v1/sites': [
        {
          name: 'a',
          first_reading_at: '2026-11-22T11:30:00.000Z',
          last_reading_at: '2026-11-22T13:55:00.000Z',
        },
      ],
      '/api/v1/projects': [],
      '/api/v1/usage': [row('vcpu', '2026-11-22T12:00:00.000Z', 1, 'measured')],
      '/api/v1/coverage': [
        hour('2026-11-22T11:00:00.000Z', 'spread', true),
        hour('2026-11-22T12:00:00.000Z', 'measured', true),
        hour('2026-11-22T13:00:00.000Z', 'measured', true),
        hour('2026-11-22T14:00:00.000Z', 'measured', false),
      ],
    };
    const asked: string[] = [];
    const api = new Api(
      (address) => {
        const { pathname, searchParams } = new URL(address, 'http://portal');
        if (pathname === '/api/v1/coverage') asked.push(String(searchParams));
        return Promise.resolve(Response.json({ data: answers[pathname], next: null }));
      },
      () => Date.UTC(2026, 10, 22, 14, 12),
    );
    const { signal } = new AbortController();
    const data = await loadProject(
      api,
      { site: 'a', projectId: 'p1' },
      { range: '24h', zone: 'UTC', compare: 'none' },
      'hour',
      signal,
    );
    expect(data.coverages.slice(-5)).toEqual(['none', 'spread', 'measured', 'measured', 'none']);
    expect(data.resources[0]?.stack.totals.slice(-5)).toEqual([null, 0, 1, 0, null]);
    expect(asked.map((text) => Object.fromEntries(new URLSearchParams(text)))).toEqual([
      {
        from: '2026-11-21T15:00:00Z',
        to: '2026-11-22T15:00:00Z',
        step: 'hour',
        by: '',
        site: 'a',
        project: 'p1',
        limit: '10000',
      },
    ]);
  });
});
