import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { claimAt, claimsInRules, rightsByClaims, type ClaimRule } from './claim-rules.ts';
import { explainClaims } from './explain.ts';
import { covers, nameOfRole, rightsWithin, type Right, type Role } from './roles.ts';
import { scopeOf, type Scope } from './scope.ts';

const ISSUER = 'https://id.example.org';
const name = fc.constantFrom('a', 'b', 'c', 'climate');
const role: fc.Arbitrary<Role> = fc.oneof(
  fc.record({ role: fc.constantFrom('operator' as const, 'auditor' as const) }),
  fc.record({ role: fc.constant('site' as const), site: name }),
  fc.record({ role: fc.constantFrom('lead' as const, 'member' as const), grant: name }),
);
const right: fc.Arbitrary<Right> = role.map((one) => ({ role: one, because: 'a test' }));
const value = fc.oneof(
  name.map((one) => `x:${one}`),
  fc.constantFrom('x:', 'x:a:b', 'x:a#y', 'other', 'x:__proto__', 'X:a'),
);
const claims = fc.dictionary(
  fc.constantFrom('groups', 'role', 'nested'),
  fc.oneof(value, fc.array(value), fc.array(fc.oneof(value, fc.integer())), fc.object(), fc.boolean()),
);
const rule: fc.Arbitrary<ClaimRule> = fc.record({
  place: fc.nat(99).map((line) => `access.rule[${line}]`),
  issuer: fc.constantFrom(ISSUER, 'https://other.example.org'),
  claim: fc.constantFrom('groups', 'role', 'nested.roles'),
  test: fc.constantFrom('equals' as const, 'includes' as const),
  text: value,
  role,
});

/** The oracle: whether somebody with this scope may read a row of a project at a site, in these grants. */
const reads = (scope: Scope, row: { site: string; grants: string[] }) =>
  'everything' in scope ||
  scope.sites.includes(row.site) ||
  row.grants.some((grant) => scope.grants.includes(grant));
const row = fc.record({ site: name, grants: fc.array(name) });

describe('the scope of rights', () => {
  it('is the union of what each right allows', () => {
    fc.assert(
      fc.property(fc.array(right), row, (rights, one) => {
        expect(reads(scopeOf(rights), one)).toBe(rights.some((each) => reads(scopeOf([each]), one)));
      }),
    );
  });

  it('never shrinks by another rule or another claim', () => {
    fc.assert(
      fc.property(fc.array(rule), rule, claims, row, (rules, more, said, one) => {
        const [before, after] = [rules, [...rules, more]].map((all) =>
          scopeOf(rightsByClaims(all, ISSUER, said)),
        );
        expect(reads(before as Scope, one) && !reads(after as Scope, one)).toBe(false);
      }),
    );
  });
});

describe('a token', () => {
  it('allows nothing that its owner may not read, and all of its roles that the owner has', () => {
    fc.assert(
      fc.property(fc.array(role), fc.array(right), row, (roles, owner, one) => {
        const rights = rightsWithin(roles, owner, 'token t');
        expect(reads(scopeOf(rights), one) && !reads(scopeOf(owner), one)).toBe(false);
        const exact = owner.filter((each) =>
          roles.some((asked) => nameOfRole(asked) === nameOfRole(each.role)),
        );
        for (const each of exact) expect(rights.map((own) => own.role)).toContainEqual(each.role);
        const operators = [rights, owner].map((all) => all.some((each) => each.role.role === 'operator'));
        expect(operators).not.toEqual([true, false]);
      }),
    );
  });

  it('is covered by its own role, and by all that cover one that covers it', () => {
    fc.assert(
      fc.property(role, role, role, (one, two, three) => {
        expect(covers(one, one)).toBe(true);
        fc.pre(covers(one, two) && covers(two, three));
        expect(covers(one, three)).toBe(true);
      }),
    );
  });
});

describe('a rule', () => {
  it('gives its own kind of role only, by values of its issuer, and a capture names only what the value says', () => {
    const text = fc.constantFrom('x:{site}', '{site}', 'x:{site}#y');
    fc.assert(
      fc.property(fc.array(fc.tuple(rule, text)), claims, (pairs, said) => {
        const rules = pairs.map(([one, pattern]): ClaimRule => ({
          ...one,
          text: pattern,
          role: { role: 'site', site: '' },
        }));
        const values = Object.values(said).flatMap((each) => each as string | string[]);
        for (const { role: own } of rightsByClaims(rules, ISSUER, said)) {
          expect(own.role).toBe('site');
          const { site } = own as { site: string };
          expect(site).toMatch(/^[^:#/]+$/);
          expect(values.some((each) => typeof each === 'string' && each.includes(site))).toBe(true);
        }
      }),
    );
  });

  it('gives the same rights by the claims that the portal keeps as by all claims', () => {
    fc.assert(
      fc.property(fc.array(rule), claims, (rules, said) => {
        expect(rightsByClaims(rules, ISSUER, claimsInRules(rules, ISSUER, said))).toEqual(
          rightsByClaims(rules, ISSUER, said),
        );
      }),
    );
  });

  it('is explained with every role that it gives, and the reason names its place', () => {
    fc.assert(
      fc.property(fc.array(rule), claims, (rules, said) => {
        const lines = explainClaims(rules, ISSUER, said).join('\n');
        for (const { role: own, because } of rightsByClaims(rules, ISSUER, said)) {
          expect(lines).toContain(nameOfRole(own));
          expect(because).toMatch(/^access\.rule\[\d+\]: .+ gives /);
        }
      }),
    );
  });
});

it.each([
  [{ realm_access: { roles: ['x'] } }, 'realm_access.roles', ['x']],
  [{ 'https://gitlab.org/claims/groups/owner': ['g'] }, 'https://gitlab.org/claims/groups/owner', ['g']],
  [{ resource_access: { 'a.b': { roles: ['x'] } } }, 'resource_access.a.b.roles', ['x']],
  [{ groups: ['x'] }, 'groups.0', undefined],
  [{ groups: 'x' }, 'groups.length', undefined],
  [{}, 'constructor.name', undefined],
])('of the claims %j, %s is %j', (said, path, found) => {
  expect(claimAt(said, path)).toEqual(found);
});
