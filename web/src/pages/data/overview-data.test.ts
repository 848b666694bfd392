import { expect, it } from 'vitest';
import { Api, type ProjectUsageAnswer, type UsageRow } from '../../api.ts';
import { LAST_24_HOURS } from '../../period.ts';
import { topRows } from '../../tables/project-usage.ts';
import { loadOverviewUsage } from './overview-data.ts';

const START = '2026-11-21T15:00:00.000Z';
const OF_VCPU = { resource: 'vcpu', unit: 'vCPU-hours', coverage: 'measured' as const };

function usageOf(amount: number, id?: string): UsageRow {
  const project = id === undefined ? {} : { site: 'a', project_id: id, project_name: `name of ${id}` };
  return { ...project, ...OF_VCPU, start: START, amount };
}

/** The largest of 500 projects, of which each uses its number. */
function largestOf(count: number): ProjectUsageAnswer {
  const data = Array.from({ length: count }, (_, index) => ({
    site: 'a',
    project_id: `p${499 - index}`,
    project_name: `name of p${499 - index}`,
    domain_id: 'd',
    domain_name: 'D',
    amounts: { vcpu: 499 - index },
    coverage: 'measured' as const,
  }));
  const sum = { ...OF_VCPU, amount: (499 * 500) / 2, largest: 499 };
  return { data, found: 500, resources: [sum], as_of: START };
}

it('the overview asks four questions, for any number of projects', async () => {
  const asked: string[] = [];
  const fetchAnswer = (address: string) => {
    const { pathname, searchParams } = new URL(address, 'http://portal');
    const ids = searchParams.getAll('project');
    asked.push(
      `${pathname} ${['step', 'by', 'sort'].map((name) => searchParams.get(name)).join(' ')} ${ids.join()}`,
    );
    if (pathname.endsWith('/projects'))
      return Promise.resolve(Response.json(largestOf(Number(searchParams.get('limit')))));
    const rows =
      ids.length === 0 ? [usageOf((499 * 500) / 2)] : ids.map((id) => usageOf(Number(id.slice(1)), id));
    return Promise.resolve(Response.json({ data: pathname.endsWith('/coverage') ? [] : rows, next: null }));
  };
  const api = new Api(fetchAnswer, () => Date.UTC(2026, 10, 22, 14, 30));
  const usage = await loadOverviewUsage(api, LAST_24_HOURS, undefined, new AbortController().signal);
  expect(asked).toEqual([
    '/api/v1/usage/projects   vcpu ',
    '/api/v1/usage hour resource  ',
    '/api/v1/coverage hour   ',
    '/api/v1/usage hour site,project,resource  p499,p498,p497,p496,p495,p494',
  ]);
  expect(topRows(usage).map(({ label, projectId, amount }) => [label, projectId, amount])).toEqual([
    ...[499, 498, 497, 496, 495, 494].map((id) => [`name of p${id}`, `p${id}`, id]),
    ['Others', undefined, (493 * 494) / 2],
  ]);
});
