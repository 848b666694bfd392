import { describe, expect, it } from 'vitest';
import { Api, type UsageRow } from '../api.ts';
import { loadOverviewUsage, projectUsages, resourceTotals, topProjects, topRows } from './overview-data.ts';

const START = '2026-11-21T15:00:00.000Z';

function row(
  site: string,
  id: string,
  resource: string,
  amount: number,
  coverage: UsageRow['coverage'] = 'measured',
): UsageRow {
  const unit = resource === 'mb' ? 'MiB-hours' : 'vCPU-hours';
  return {
    site,
    project_id: id,
    project_name: `name of ${id}`,
    resource,
    start: START,
    amount,
    unit,
    coverage,
  };
}

const ROWS = [
  row('a', 'p1', 'mb', 100),
  row('a', 'p1', 'vcpu', 1),
  row('b', 'p1', 'vcpu', 4, 'spread'),
  row('a', 'p2', 'vcpu', 4),
];

describe('the usage of a period', () => {
  it('adds up by resource, in the order in which they are offered, with the worst coverage', () => {
    expect(resourceTotals(ROWS)).toEqual([
      { resource: 'vcpu', unit: 'vCPU-hours', amount: 9, coverage: 'spread' },
      { resource: 'mb', unit: 'MiB-hours', amount: 100, coverage: 'measured' },
    ]);
  });

  it('keeps projects of one id at two sites apart', () => {
    expect(
      projectUsages(ROWS).map(({ site, projectId, amounts }) => [
        site,
        projectId,
        Object.fromEntries(amounts),
      ]),
    ).toEqual([
      ['a', 'p1', { mb: { amount: 100, coverage: 'measured' }, vcpu: { amount: 1, coverage: 'measured' } }],
      ['b', 'p1', { vcpu: { amount: 4, coverage: 'spread' } }],
      ['a', 'p2', { vcpu: { amount: 4, coverage: 'measured' } }],
    ]);
  });

  it('has its largest projects first, those without usage of the resource left out', () => {
    const top = topProjects(projectUsages(ROWS), 'vcpu', 2);
    expect(top.map(({ site, projectId }) => `${site} ${projectId}`)).toEqual(['a p2', 'b p1']);
    expect(topProjects(projectUsages(ROWS), 'mb', 2)).toHaveLength(1);
  });
});

describe('the overview', () => {
  it('asks for the total over time and the largest projects alone, however many there are', async () => {
    const many = Array.from({ length: 500 }, (_, index) => row('a', `p${index}`, 'vcpu', index));
    const asked: string[] = [];
    const fetchAnswer = (address: string) => {
      if (address === 'api/v1/sites') return Promise.resolve(Response.json({ data: [], next: null }));
      const parameters = new URL(address, 'http://portal').searchParams;
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
  return [
    {
      ...row(
        'a',
        '',
        'vcpu',
        ofProject.reduce((sum, { amount }) => sum + amount, 0),
      ),
    },
  ];
}
