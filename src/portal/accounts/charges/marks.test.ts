import { expect, it } from 'vitest';
import { markOf, marksIn, type Mark } from './marks.ts';

const mark = (name: string, others: Partial<Mark>): Mark => ({
  name,
  reason: 'outage',
  fromMs: 10,
  toMs: 20,
  ...others,
});
const MARKS = [
  mark('project', { site: 'a', projectId: 'p' }),
  mark('cloud', { site: 'a', cloud: 'west', toMs: Infinity }),
  mark('account', { account: 'uni' }),
];

it.each([
  [{ site: 'a', projectId: 'p', cloud: 'west', startMs: 10 }, 'project'],
  [{ site: 'a', projectId: 'p', cloud: 'west', startMs: 20 }, 'cloud'],
  [{ site: 'b', projectId: 'p', cloud: 'west', account: 'uni', startMs: 19 }, 'account'],
  [{ site: 'b', projectId: 'p', cloud: 'west', account: 'lab', startMs: 19 }, undefined],
  [{ site: 'a', projectId: 'q', cloud: '', account: 'uni', startMs: 9 }, undefined],
])('the mark of %j is %s', (usage, name) => {
  expect(markOf(MARKS, usage)?.name).toBe(name);
});

it('the marks of a part of the time are those that cover its start', () => {
  expect(marksIn(MARKS, { fromMs: 20 }).map(({ name }) => name)).toEqual(['cloud']);
});
