import { expect, it } from 'vitest';
import type { Role } from './rights/roles.ts';
import { mayManage, type TokenOwner } from './tokens.ts';

const SITE: TokenOwner = { kind: 'site', site: 'a' };
const GRANT: TokenOwner = { kind: 'grant', grant: 'climate' };
const INSTALLATION: TokenOwner = { kind: 'installation' };

const ownersFor = (role: Role) =>
  [SITE, GRANT, INSTALLATION].filter((owner) =>
    mayManage({ who: 'person p-1', by: 'session', rights: [{ role, because: 'a rule' }] }, owner),
  );

it('lets people manage the tokens of what they answer for, and not of all that they read', () => {
  expect(ownersFor({ role: 'operator' })).toEqual([SITE, GRANT, INSTALLATION]);
  expect(ownersFor({ role: 'auditor' })).toEqual([]);
  expect(ownersFor({ role: 'site', site: 'a' })).toEqual([SITE]);
  expect(ownersFor({ role: 'site', site: 'b' })).toEqual([]);
  expect(ownersFor({ role: 'lead', grant: 'climate' })).toEqual([GRANT]);
  expect(ownersFor({ role: 'member', grant: 'climate' })).toEqual([]);
});
