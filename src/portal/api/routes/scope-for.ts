import type { FastifyRequest } from 'fastify';
import { EVERYTHING, scopeOf, type Scope } from '../../access/rights/scope.ts';
import { OWNER_KEYS } from '../../accounts/grant-owners.ts';
import type { VisibleGrant } from '../../accounts/grants/visible.ts';
import type { Names } from '../../ledger/names.ts';
import type { ApiParts } from '../shapes/api-parts.ts';
import { askerOf } from '../shapes/asker-of.ts';

/** The scope of the sender of a request (P2). Without sign-in, that is everything (P1). */
export function scopeFor(request: FastifyRequest, { signIn }: Pick<ApiParts, 'signIn'>): Scope {
  return signIn === undefined ? EVERYTHING : scopeOf(askerOf(request).rights);
}

/** The scope of a question, and the readable grants if the scope or the question names some. */
export async function questionScopeFor(
  request: FastifyRequest,
  { by, grant }: { by?: ReadonlySet<string>; grant?: Names | undefined },
  parts: Pick<ApiParts, 'accounts' | 'signIn'>,
): Promise<{ scope: Scope; grants: readonly VisibleGrant[] }> {
  const scope = scopeFor(request, parts);
  const byOwners = OWNER_KEYS.some((key) => by?.has(key));
  const needsGrants = grant !== undefined || byOwners || scope.everything !== true;
  return { scope, grants: needsGrants ? (await parts.accounts.present(scope)).grants : [] };
}
