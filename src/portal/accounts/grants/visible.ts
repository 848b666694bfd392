import type { Scope } from '../../access/rights/scope.ts';
import type { PresentGrant, SiteGrant } from './grant.ts';

export type VisibleGrant = PresentGrant | SiteGrant;

/**
 * The grants that a scope sees (P2). A site sees its own part of a grant. A grant without a project at the site does not
 * exist for it.
 */
export function visibleGrants(grants: readonly PresentGrant[], scope: Scope): VisibleGrant[] {
  if (scope.everything === true) return [...grants];
  return grants.flatMap((grant) => (seesWhole(grant.name, scope) ? grant : partAt(grant, scope.sites)));
}

/** Whether a scope sees a grant with its people, allowances and history. */
export function seesWhole(name: string, scope: Scope): boolean {
  return scope.everything === true || scope.grants.includes(name);
}

function partAt(
  { name, title, fromMs, toMs, projects }: PresentGrant,
  sites: readonly string[],
): SiteGrant[] {
  const own = projects.filter(({ site }) => sites.includes(site));
  return own.length === 0 ? [] : [{ name, title, fromMs, toMs, projects: own }];
}

export function isWhole(grant: VisibleGrant): grant is PresentGrant {
  return 'version' in grant;
}
