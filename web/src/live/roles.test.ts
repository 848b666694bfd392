import { describe, expect, it } from 'vitest';
import type { Me } from '../api.ts';
import { personWords, rolesForTokens, roleWords, type Role } from './roles.ts';

const me = (...roles: Role[]): Me => ({
  who: 'person p-1',
  by: 'session',
  person: 'p-1',
  name: null,
  rights: roles.map((role) => ({ role, because: 'a test' })),
  allowed: [],
  price_books: 0,
});

describe('who is signed in', () => {
  it('has a name, or else its roles, each once', () => {
    const lead = { role: 'lead' as const, grant: 'climate' };
    expect(personWords(me(lead, lead, { role: 'site', site: 'a' }))).toBe('lead of climate, site a');
    expect(personWords({ ...me(lead), name: 'Ada' })).toBe('Ada');
    expect(personWords(me())).toBe('no role yet');
  });
});

describe('a new token', () => {
  it('may have the roles of its maker, and those that allow less, each once', () => {
    const words = (...roles: Role[]) => rolesForTokens(me(...roles)).map(roleWords);
    expect(words({ role: 'operator' }, { role: 'auditor' })).toEqual(['operator', 'auditor']);
    expect(words({ role: 'lead', grant: 'g' }, { role: 'member', grant: 'g' })).toEqual([
      'lead of g',
      'member of g',
    ]);
    expect(words({ role: 'site', site: 'a' })).toEqual(['site a']);
  });
});
