import { expect, it } from 'vitest';
import { EVERYTHING, type Scope } from '../../access/rights/scope.ts';
import { seenBy } from './seen-by.ts';

const NOW = 100;
const sites = [{ name: 'east', clouds: [{ cloud: 'a', lastReadingMs: 1 }] }];
const asked = ['east a', 'east b', 'west a'];

/** The clouds that are news in a scope, which sees the cloud a of the site east. */
function newsIn(scope: Scope, project: { fromMs?: number; toMs?: number; cloud?: string }): string[] {
  const grants = [{ projects: [{ site: 'east', projectId: 'p', ...project }] }];
  const sees = seenBy({ scope, grants }, sites, NOW);
  return asked.filter((one) => sees(...(one.split(' ') as [string, string])));
}

it('everything is news for those who read everything, and a site for its people', () => {
  expect(newsIn(EVERYTHING, {})).toEqual(asked);
  expect(newsIn({ sites: ['west'], grants: ['g'] }, { toMs: NOW })).toEqual(['west a']);
});

it('a cloud is news for a member who sees it, while a project is in the grant', () => {
  const member = { sites: [], grants: ['g'] };
  expect(newsIn(member, {})).toEqual(['east a']);
  expect(newsIn(member, { cloud: 'a', fromMs: NOW, toMs: NOW + 1 })).toEqual(['east a']);
  expect(newsIn(member, { cloud: 'b' })).toEqual([]);
  expect(newsIn(member, { toMs: NOW })).toEqual([]);
  expect(newsIn(member, { fromMs: NOW + 1 })).toEqual([]);
});
