import type { Right } from './roles.ts';

/**
 * What somebody may read (P2), by names: sites as a whole, and grants with their projects, each while it is in the grant. An
 * empty scope is valid, and sees nothing.
 */
export type Scope = Everything | { everything?: never; sites: readonly string[]; grants: readonly string[] };

export interface Everything {
  everything: true;
}

export const EVERYTHING: Everything = { everything: true };

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
