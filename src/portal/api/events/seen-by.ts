import type { Scope } from '../../access/rights/scope.ts';
import type { VisibleGrant } from '../../accounts/grants/visible.ts';
import type { SiteStatus } from '../../ledger/ledger.ts';
import type { Sees } from './live-streams.ts';

interface ScopeWithGrants {
  scope: Scope;
  grants: readonly Pick<VisibleGrant, 'projects'>[];
}

/** Whether the scope has projects of grants, so that what it sees of a site follows from them. */
export function isLimited({ scope }: ScopeWithGrants): boolean {
  return scope.everything !== true && scope.grants.length > 0;
}

/**
 * The readings that are news in a scope (P2): those of its sites, and of the clouds that it sees elsewhere while one of
 * its projects is in a grant there.
 * @param sites the sites that a question with this scope sees.
 */
export function seenBy(
  { scope, grants }: ScopeWithGrants,
  sites: readonly Pick<SiteStatus, 'name' | 'clouds'>[],
  nowMs: number,
): Sees {
  if (scope.everything === true) return () => true;
  const present = grants.flatMap(({ projects }) => projects.filter((project) => isWithin(project, nowMs)));
  const clouds = (site: string) => sites.find(({ name }) => name === site)?.clouds ?? [];
  return (site, cloud) =>
    scope.sites.includes(site) ||
    (clouds(site).some((seen) => seen.cloud === cloud) &&
      present.some((project) => project.site === site && (project.cloud ?? cloud) === cloud));
}

function isWithin(
  { fromMs = -Infinity, toMs = Infinity }: { fromMs?: number | undefined; toMs?: number | undefined },
  nowMs: number,
): boolean {
  return fromMs <= nowMs && nowMs < toMs;
}
