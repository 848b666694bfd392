import { expect, it } from 'vitest';
import type { Sql } from '../../../../database/sql.ts';
import { reading } from '../../../../../../test/ledger/in-memory-book.ts';
import { addMeters, loadMeters, type KnownMeter } from './load-meters.ts';
import type { KnownProject } from './load-projects.ts';
import type { LockedSite } from './lock-site.ts';
import { IdMap } from './site-ids.ts';

it('builds meters from columns in steps of a bounded size', () => {
  const longestStep = (count: number) => {
    const ids = `{${Array.from({ length: count }, (_, i) => i).join(',')}}`;
    const ones = `{${Array.from({ length: count }, () => 1).join(',')}}`;
    const columns = {
      ids,
      project_ids: ids,
      resource_ids: ones,
      epoch_ids: ones,
      openings: ones,
      last_totals: ones,
      first_at_ms: ones,
      last_at_ms: ones,
      open_hours: ones,
      open_amounts: ones,
      open_spreads: ones,
    };
    const projects = new Map(
      Array.from({ length: count }, (_, i) => [i, { cloud: '', projectId: `p${i}` }] as const),
    );
    const site = { resourceKeys: new Map([[1, 'vcpu']]), knownEpochs: new Map() };
    const meters = new Map<string, KnownMeter>();
    let [most, before, splits] = [0, 0, 0];
    for (const _step of addMeters(meters, columns, site, projects)) {
      if (meters.size === 0) splits += 1;
      most = Math.max(most, meters.size - before);
      before = meters.size;
    }
    expect(meters.size).toBe(count);
    expect(splits).toBe(Object.keys(columns).length); // a column in each step
    return Math.max(most, meters.size - before);
  };
  expect(longestStep(40_000)).toBeLessThan(1.5 * longestStep(10_000));
});

it('loads the meters of the readings, each once, and no other meters of their projects', async () => {
  const asked: unknown[][] = [];
  const query = async ({ values }: Sql) => {
    asked.push(values);
    return await Promise.resolve({ rows: [], rowCount: 0 });
  };
  const servers = { flavor: 'a/1/2/3/0/0/0', state: 'active' };
  const ids = new Map([
    ['vcpu', { id: 21 }],
    ['mb', { id: 22 }],
    [`server\0${servers.flavor}\0${servers.state}`, { id: 23 }],
  ]);
  const site = { siteId: 1, resources: new IdMap(ids, { next: 99 }) } as unknown as LockedSite;
  const projects = new Map(
    ['p1', 'p2'].map((projectId, i) => [`\0${projectId}`, { id: 11 + i, projectId } as KnownProject]),
  );
  const readings = [
    reading(0, 1),
    reading(1, 2),
    reading(1, 2, { resource: 'gpu' }),
    reading(1, 2, { projectId: 'p2', resource: 'server', servers }),
    reading(1, 2, { projectId: 'p3' }),
  ];
  await loadMeters({ query }, site, projects, readings);
  expect(asked).toEqual([['{11,12}', '{21,23}', 1]]);
});
