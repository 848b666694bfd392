import type { Right } from './roles.ts';

/** What somebody may read (P2), by names. An empty scope is valid, and sees nothing. */
export type Scope = { everything: true } | { sites: readonly string[]; grants: readonly string[] };

const EVERYTHING: Scope = { everything: true };

/** Rights add up: one more right never takes anything away. */
export function scopeOf(rights: readonly Right[]): Scope {
  if (rights.some(({ role }) => role.role === 'operator' || role.role === 'auditor')) return EVERYTHING;
  return {
    sites: namesIn(rights.flatMap(({ role }) => ('site' in role ? role.site : []))),
    grants: namesIn(rights.flatMap(({ role }) => ('grant' in role ? role.grant : []))),
  };
}

/** Whether somebody with these rights may change accounts, grants and the tokens of others. */
export function mayChange(rights: readonly Right[]): boolean {
  return rights.some(({ role }) => role.role === 'operator');
}

function namesIn(names: readonly string[]): string[] {
  return [...new Set(names)].toSorted();
}
