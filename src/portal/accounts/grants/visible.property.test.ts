import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EVERYTHING, type Scope } from '../../access/rights/scope.ts';
import type { PresentGrant } from './grant.ts';
import { isWhole, visibleGrants } from './visible.ts';

const SITES = ['a', 'b', 'c'];
const GRANTS = ['climate', 'imaging', 'physics'];
const text = fc.string({ maxLength: 5 });
const instant = fc.option(fc.integer({ min: 0, max: 99 }), { nil: undefined });

const grantNamed = (name: string): fc.Arbitrary<PresentGrant> =>
  fc.record({
    name: fc.constant(name),
    title: fc.option(text, { nil: undefined }),
    account: fc.option(text, { nil: undefined }),
    fromMs: instant,
    toMs: instant,
    projects: fc.array(
      fc.record({ site: fc.constantFrom(...SITES), projectId: fc.constantFrom('p', 'q', 'r') }),
      { maxLength: 4 },
    ),
    people: fc.array(fc.record({ person: text, role: fc.constantFrom('lead', 'member') }), { maxLength: 2 }),
    labels: fc.dictionary(text, text, { maxKeys: 2 }),
    allowances: fc.constant([]),
    version: fc.integer({ min: 1, max: 9 }),
    changedMs: fc.integer({ min: 0, max: 99 }),
    author: text,
  });

const stores = fc.subarray(GRANTS).chain((names) => fc.tuple(...names.map(grantNamed)));
const scopes = fc.record({ sites: fc.subarray(SITES), grants: fc.subarray([...GRANTS, 'unknown']) });

type NamedScope = Exclude<Scope, { everything: true }>;

/** Everything in a store that a scope must not tell of is different here: other grants, other projects, other facts. */
function otherwise(store: readonly PresentGrant[], { sites, grants }: NamedScope): PresentGrant[] {
  const changed = store.flatMap((grant) => {
    if (grants.includes(grant.name)) return grant;
    const projects = [
      { site: 'elsewhere', projectId: 'x' },
      ...grant.projects.filter(({ site }) => sites.includes(site)),
    ];
    return {
      ...grant,
      projects,
      account: 'other',
      people: [],
      labels: { other: '1' },
      version: 1000,
      changedMs: 1000,
      author: 'other',
    };
  });
  const hidden = { ...changed[0], name: 'hidden', projects: [{ site: 'elsewhere', projectId: 'y' }] };
  return [...changed, hidden as PresentGrant];
}

describe('the grants that a scope sees', () => {
  it('are whole if it names them, and otherwise have the projects at its sites, one by one', () => {
    fc.assert(
      fc.property(stores, scopes, (store, scope) => {
        const rows = store.flatMap(({ name, projects }) =>
          projects
            .filter(({ site }) => scope.grants.includes(name) || scope.sites.includes(site))
            .map(({ site, projectId }) => [name, site, projectId]),
        );
        const seen = visibleGrants(store, scope);
        expect(
          seen.flatMap(({ name, projects }) =>
            projects.map(({ site, projectId }) => [name, site, projectId]),
          ),
        ).toEqual(rows);
        expect(seen.filter(isWhole)).toEqual(store.filter(({ name }) => scope.grants.includes(name)));
      }),
    );
  });

  it('do not depend on anything outside of it', () => {
    fc.assert(
      fc.property(stores, scopes, (store, scope) => {
        expect(visibleGrants(otherwise(store, scope), scope)).toEqual(visibleGrants(store, scope));
      }),
    );
  });

  it('are all of them if it is everything', () => {
    fc.assert(
      fc.property(stores, (store) => {
        expect(visibleGrants(store, EVERYTHING)).toEqual(store);
      }),
    );
  });
});
