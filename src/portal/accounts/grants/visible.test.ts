import { expect, it } from 'vitest';
import type { PresentGrant } from './grant.ts';
import { markDocument } from './marks.ts';
import { visibleMarks } from './visible.ts';

const [MAY, JUNE] = [Date.UTC(2026, 4), Date.UTC(2026, 5)];
const GRANT: PresentGrant = {
  name: 'g',
  title: undefined,
  account: 'uni',
  fromMs: MAY,
  toMs: JUNE,
  projects: [{ site: 'a', projectId: 'p', cloud: 'west', fromMs: MAY, toMs: JUNE }],
  people: [],
  labels: {},
  allowances: [],
  version: 1,
  changedMs: 0,
  author: 'root',
};

it.each([
  [true, { site: 'a', from: '2026-05-31' }],
  [true, { site: 'a', project: 'p', cloud: 'west', from: '2026-04-01' }],
  [true, { account: 'uni', from: '2026-04-01', to: '2026-05-02' }],
  [true, { site: 'own', project: 'other', from: '2026-01-01', to: '2026-01-02' }],
  // Outside the time of the project or the grant.
  [false, { site: 'a', project: 'p', from: '2026-04-01', to: '2026-05-01' }],
  [false, { site: 'a', from: '2026-06-01' }],
  [false, { account: 'uni', from: '2026-06-01' }],
  [false, { site: 'a', project: 'p', cloud: 'east', from: '2026-05-01' }],
  [false, { site: 'a', project: 'q', from: '2026-05-01' }],
  [false, { account: 'lab', from: '2026-05-01' }],
  [false, { site: 'b', from: '2026-05-01' }],
])('that a lead of a grant and operator of another site sees is %j: a mark %j', (isSeen, fields) => {
  const mark = { document: markDocument.parse({ name: 'm', reason: 'why', ...fields }) };
  expect(visibleMarks([mark], [GRANT], { sites: ['own'], grants: ['g'] })).toEqual(isSeen ? [mark] : []);
});
