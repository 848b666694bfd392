import { describe, expect, it } from 'vitest';
import { Api, type UsageRow } from '../../api.ts';
import { topRows } from '../../tables/project-usage.ts';
import { loadOverviewUsage } from './overview-data.ts';

const START = '2026-11-21T15:00:00.000Z';

function row(id: string, amount: number): UsageRow {
  return {
    site: 'a',
    project_id: id,
    project_name: `name of ${id}`,
    resource: 'vcpu',
    start: START,
    amount,
    unit: 'vCPU-hours',
    coverage: 'measured',
  };
}

describe('the overview', () => {
  it('asks for the total over time and the largest projects only, for any number of projects', async () => {
    const many = Array.from({ length: 500 }, (_, index) => row(`p${index}`, index));
    const asked: string[] = [];
    const fetchAnswer = (address: string) => {
      if (address === 'api/v1/sites') return Promise.resolve(Response.json({ data: [], next: null }));
      const parameters = new URL(address, 'http://portal').searchParams;
      if (address.startsWith('api/v1/coverage'))
        return Promise.resolve(Response.json({ data: [], next: null }));
      asked.push(
        `${parameters.get('step')} by ${parameters.get('by')} of ${parameters.get('project') ?? 'all'}`,
      );
      return Promise.resolve(Response.json({ data: answerTo(parameters, many), next: null }));
    };
    const api = new Api(fetchAnswer, () => Date.UTC(2026, 10, 22, 14, 30));
    const usage = await loadOverviewUsage(api, '24h', undefined, new AbortController().signal);
    expect(asked).toEqual([
      'total by site,project,resource of all',
      'hour by resource of all',
      ...[499, 498, 497, 496, 495, 494].map((id) => `hour by site,project,resource of p${id}`),
    ]);
    expect(topRows(usage).map(({ label, projectId, amount }) => [label, projectId, amount])).toEqual([
      ...[499, 498, 497, 496, 495, 494].map((id) => [`name of p${id}`, `p${id}`, id]),
      ['Other projects', undefined, (493 * 494) / 2],
    ]);
  });
});

function answerTo(parameters: URLSearchParams, rows: readonly UsageRow[]): UsageRow[] {
  const wanted = parameters.get('project');
  const ofProject = rows.filter((candidate) => wanted === null || candidate.project_id === wanted);
  if (parameters.get('by') !== 'resource') return ofProject;
  return [row('', ofProject.reduce((sum, { amount }) => sum + amount, 0))];
}
