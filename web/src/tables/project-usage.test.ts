import { describe, expect, it } from 'vitest';
import type { UsageRow } from '../api.ts';
import { projectUsages, resourceTotals } from './project-usage.ts';

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
  it('adds up by resource, in the order of the pages, with the worst coverage', () => {
    expect(resourceTotals(ROWS)).toEqual([
      { resource: 'vcpu', unit: 'vCPU-hours', amount: 9, coverage: 'spread' },
      { resource: 'mb', unit: 'MiB-hours', amount: 100, coverage: 'measured' },
    ]);
  });

  it('treats one id at two sites as two projects', () => {
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
});
