import { claimAt, rightsByClaims, rolesByRule, type ClaimRule, type Claims } from './claim-rules.ts';
import { nameOfRole, type Right } from './roles.ts';
import { mayChange, scopeOf } from './scope.ts';

/** Lines for people: what each rule says to these claims, and what all of them allow. */
export function explainClaims(rules: readonly ClaimRule[], issuer: string, claims: Claims): string[] {
  const own = rules.filter((rule) => rule.issuer === issuer);
  const others = rules.length - own.length;
  return [
    ...own.map((rule) => verdictOf(rule, claims)),
    ...(others === 0 ? [] : [`${others} more for other issuers`]),
    ...allowedBy(rightsByClaims(rules, issuer, claims)),
  ];
}

/** Lines for people: what these rights allow. */
export function allowedBy(rights: readonly Right[]): string[] {
  const scope = scopeOf(rights);
  if ('everything' in scope)
    return [mayChange(rights) ? 'reads and changes everything' : 'reads everything, changes nothing'];
  const parts = [
    ...scope.sites.map((site) => `reads site ${site}`),
    ...scope.grants.map((grant) => `reads grant ${grant}`),
  ];
  return parts.length === 0 ? ['sees nothing'] : parts;
}

function verdictOf(rule: ClaimRule, claims: Claims): string {
  const roles = rolesByRule(rule, claims);
  const asked = `${rule.place}: ${rule.claim} ${rule.test} "${rule.text}"`;
  if (roles.length > 0) return `${asked}: yes, so ${roles.map(nameOfRole).join(', ')}`;
  return `${asked}: no, the claim ${stateOf(claimAt(claims, rule.claim))}`;
}

function stateOf(value: unknown): string {
  if (value === undefined) return 'is missing';
  const texts = Array.isArray(value) ? (value as unknown[]) : [value];
  if (texts.some((text) => typeof text !== 'string')) return 'is neither a text nor a list of texts';
  return `is ${JSON.stringify(value)}`;
}
