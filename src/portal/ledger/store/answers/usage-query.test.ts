import { expect, it } from 'vitest';
import { EVERYTHING } from '../../../access/rights/scope.ts';
import { sql, type Queryable } from '../../../database/sql.ts';
import { loadRecords } from './usage-query.ts';

const QUERY = {
  scope: EVERYTHING,
  step: 'total' as const,
  by: new Set(['project', 'flavor', 'resource'] as const),
  fromMs: 0,
  toMs: 3_600_000,
  limit: 10,
};

const FLAVORS = Array.from({ length: 50 }, (_, index) => `f${index}`);

/** Answers with projects that have many flavors each. */
const database = {
  query: async () => ({
    rows: Array.from({ length: 100 }, (_, index) => ({
      start_hour: 0,
      grant_name: '',
      site: 'a',
      cloud: '',
      project_id: `p${index}`,
      resources: FLAVORS.map(() => 'server'),
      flavors: FLAVORS,
      amounts: `{${FLAVORS.map(() => 1).join(',')}}`,
      spreads: `{${FLAVORS.map(() => 0).join(',')}}`,
    })),
  }),
} as unknown as Queryable;

it('a page does not make the records of many more projects than it shows', async () => {
  const records = await loadRecords(database, QUERY, sql`SELECT`, 120);
  expect(records.at(-1)?.place.project_id).toBe('p2');
  expect(await loadRecords(database, QUERY, sql`SELECT`)).toHaveLength(5_000);
});
