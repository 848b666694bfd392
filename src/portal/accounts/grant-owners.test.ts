import { describe, expect, it } from 'vitest';
import { configuredGrants } from './configured-grants.ts';
import { ownersBy } from './grant-owners.ts';
import type { VisibleGrant } from './grants/visible.ts';

const [bare] = configuredGrants([{ name: 'test', projects: [] }]);
const grantOf = (name: string, account?: string, institution?: string): VisibleGrant => ({
  ...(bare as NonNullable<typeof bare>),
  name,
  account,
  institution,
});
const PART: VisibleGrant = {
  name: 'part',
  title: undefined,
  fromMs: undefined,
  toMs: undefined,
  projects: [],
};
const GRANTS = [
  grantOf('climate', 'physics', 'Ulm'),
  grantOf('ice', 'geology', 'Ulm'),
  grantOf('course', 'graz', 'graz'),
  grantOf('test'),
  PART,
];

describe('whose usage a row is', () => {
  const groups = (...by: string[]) =>
    ownersBy(new Set(by), GRANTS).grants.map(({ name, group = name }) => group);
  const owners = (...by: string[]) => {
    const { ownerOf } = ownersBy(new Set(by), GRANTS);
    return [...new Set(groups(...by)), null].map(ownerOf);
  };

  it('says the account of grants, and the institution of accounts, in one row each', () => {
    expect(groups('account', 'resource')).toEqual(['physics', 'geology', 'graz', '', '']);
    expect(owners('account')).toEqual([
      { account: 'physics' },
      { account: 'geology' },
      { account: 'graz' },
      { account: null },
      { account: null },
    ]);
    expect(groups('institution')).toEqual(['Ulm', 'Ulm', 'graz', '', '']);
    expect(owners('institution')).toEqual([
      { institution: 'Ulm' },
      { institution: 'graz' },
      { institution: null },
      { institution: null },
    ]);
    expect(owners('account', 'institution')[1]).toEqual({ institution: 'Ulm', account: 'geology' });
  });

  it('says them beside the grant, if the question asks for both', () => {
    expect(groups('grant', 'account')).toEqual(GRANTS.map(({ name }) => name));
    expect(owners('grant', 'account')).toEqual([
      { account: 'physics', grant: 'climate' },
      { account: 'geology', grant: 'ice' },
      { account: 'graz', grant: 'course' },
      { account: null, grant: 'test' },
      { account: null, grant: 'part' },
      { account: null, grant: null },
    ]);
  });

  it('is not said if the question does not ask', () => {
    expect(ownersBy(new Set(['site']), GRANTS)).toMatchObject({ grants: GRANTS });
    expect(owners('site')[0]).toEqual({});
  });
});
