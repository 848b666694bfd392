import { describe, expect, it } from 'vitest';
import { Api, type UsageRow } from '../../api.ts';
import { loadProject } from './project-data.ts';

const NOW = Date.UTC(2026, 10, 22, 14, 30);

function row(resource: string, start: string, amount: number, coverage: UsageRow['coverage']): UsageRow {
  return { resource, start, amount, unit: `${resource}-hours`, coverage };
}

describe('a project’s page', () => {
  it('has one stack a resource, days without usage told from days before the site was read, and the project of that very id', async () => {
    const answers: Record<string, unknown[]> = {
      '/api/v1/sites': [
        {
          name: 'a',
          first_reading_at: '2026-11-20T12:00:00.000Z',
          last_reading_at: '2026-11-22T14:29:00.000Z',
        },
        {
          name: 'b',
          first_reading_at: '2026-11-01T12:00:00.000Z',
          last_reading_at: '2026-11-02T14:29:00.000Z',
        },
      ],
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
      '7d',
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
});
