import { EVERYTHING } from '../access/rights/scope.ts';
import { describe, expect, it } from 'vitest';
import type { UsageDimension, UsageQuery } from './ledger.ts';
import { costOf, DEFAULT_QUESTION_LIMITS, refuseCostly, type LedgerCounts } from './question-cost.ts';

const HOURS = { fromHour: 480_000, toHour: 480_000 + 90 * 24 };
const LEDGER: LedgerCounts = {
  sites: 2,
  clouds: 3,
  projects: 2000,
  domains: 20,
  meters: 8000,
  resources: 4,
  kinds: 4,
  partialProjects: 0,
  seenProjects: 0,
  hours: HOURS,
};

function query(by: UsageDimension[], more: Partial<UsageQuery> = {}): UsageQuery {
  return { scope: EVERYTHING, fromMs: 0, toMs: 0, step: 'hour', by: new Set(by), limit: 1, ...more };
}

describe('the cost of a question', () => {
  it.each([
    ['every meter by hour', query(['grant', 'site', 'project', 'resource']), 8000 * 2160, 8000 * 2160],
    [
      'one resource of every project by day',
      query(['project'], { step: 'day', resource: 'mb' }),
      2000 * 90,
      2000 * 90,
    ],
    ['sites by hour', query(['site', 'resource']), 2 * 4 * 2160, 8000 * 2160],
    ['clouds by hour', query(['cloud', 'resource']), 3 * 4 * 2160, 8000 * 2160],
    ['domains by hour', query(['domain', 'resource']), 20 * 4 * 2160, 8000 * 2160],
    [
      'grants by hour',
      query(['grant', 'resource'], { grants: [{ name: 'g', projects: [] }] }),
      2 * 4 * 2160,
      8000 * 2160,
    ],
  ])('is the rows, and the sums that are read, of %s', (_name, asked, rows, sums) => {
    const named = asked.resource === undefined ? LEDGER : { ...LEDGER, resources: 1, kinds: 1 };
    expect(costOf(asked, named, HOURS)).toMatchObject({ rows, sums });
  });

  it('of server hours counts flavors and states only if they have rows of their own', () => {
    const counts = { ...LEDGER, projects: 10, meters: 900, resources: 1, kinds: 100 };
    const total = { step: 'total', resource: 'server' } as const;
    const costs = (['project', 'flavor', 'state'] as const).map((by) =>
      costOf(query([by], total), counts, HOURS),
    );
    expect(costs.map(({ rows }) => rows)).toEqual([10, 200, 200]);
    expect(costOf(query(['project', 'state'], total), counts, HOURS).rows).toBe(900);
    expect(
      costOf(query(['state'], { ...total, projectId: 'p' }), { ...counts, projects: 1 }, HOURS).rows,
    ).toBe(100);
  });

  it('counts only the hours that the ledger has, from the cursor on', () => {
    const all = query(['project', 'resource']);
    expect(costOf(all, LEDGER, { fromHour: -17_000_000, toHour: 70_000_000 }).rows).toBe(8000 * 2160);
    expect(costOf(all, LEDGER, { fromHour: HOURS.toHour - 1, toHour: HOURS.toHour }).rows).toBe(8000);
    expect(costOf(all, LEDGER, { fromHour: 0, toHour: 1 })).toEqual({ rows: 0, rowsOfStep: 0, sums: 0 });
    expect(costOf(all, { ...LEDGER, hours: undefined }, HOURS)).toEqual({ rows: 0, rowsOfStep: 0, sums: 0 });
  });

  it('of a project counts only the meters of the project', () => {
    const counts = { ...LEDGER, projects: 1 };
    const asked = query(['project', 'resource'], { projectId: 'p' });
    expect(costOf(asked, counts, HOURS)).toEqual({ rows: 4 * 2160, rowsOfStep: 4, sums: 4 * 2160 });
  });

  it('counts a project again for each part of the time in which it is in another grant', () => {
    const counts = { ...LEDGER, projects: 1, partialProjects: 2 };
    const rowsOf = (more: Partial<UsageQuery>) =>
      costOf(query(['grant', 'project', 'resource'], { step: 'total', ...more }), counts, HOURS).rows;
    expect(rowsOf({ projectId: 'p' })).toBe(3 * 4);
    expect(rowsOf({ projectId: 'p', grant: ['climate', 'imaging'] })).toBe(3 * 4);
    // Of named grants, the ledger counts a project once for each part already.
    expect(rowsOf({ grant: ['climate', 'imaging'] })).toBe(4);
  });

  it('is refused beyond a limit, which is lower for JSON than for CSV', () => {
    const cost = { rows: 17_280_000 };
    expect(() => refuseCostly(cost, 'json', DEFAULT_QUESTION_LIMITS)).toThrow(
      'the answer could have 17280000 rows, and pages of JSON may have 1000000: ask with format=csv, or for less: a longer step',
    );
    expect(() => refuseCostly(cost, 'csv', DEFAULT_QUESTION_LIMITS)).not.toThrow();
    expect(() => refuseCostly({ rows: 1e9 }, 'csv', DEFAULT_QUESTION_LIMITS)).toThrow(
      'the answer could have 1000000000 rows, and a CSV may have 100000000: ask for less',
    );
  });
});
