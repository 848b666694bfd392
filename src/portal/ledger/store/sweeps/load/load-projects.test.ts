import { expect, it } from 'vitest';
import { atOnce } from '../../../../../prometheus/steps.ts';
import { reading } from '../../../../../../test/ledger/in-memory-book.ts';
import { wantedProjects } from './load-projects.ts';
import { IdMap } from './site-ids.ts';

it('wants the meters of the readings, each once, and no other meters of their projects', () => {
  const servers = { flavor: 'a/1/2/3/0/0/0', state: 'active' };
  const ids = new Map([
    ['vcpu', { id: 21 }],
    ['mb', { id: 22 }],
    [`server\0${servers.flavor}\0${servers.state}`, { id: 23 }],
  ]);
  const site = { cloudNames: new Map([[1, '']]), resources: new IdMap(ids, { next: 99 }) };
  const readings = [
    reading(0, 1),
    reading(1, 2),
    reading(1, 2, { resource: 'gpu' }),
    reading(1, 2, { projectId: 'p2', resource: 'server', servers }),
    reading(1, 2, { cloud: 'of nobody' }),
  ];
  const wanted = atOnce(wantedProjects(site, readings));
  expect(wanted.map(({ projectId, resources }) => [projectId, [...resources]])).toEqual([
    ['p1', [21]],
    ['p2', [23]],
  ]);
});
