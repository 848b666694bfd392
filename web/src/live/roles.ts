import type { Me } from '../api.ts';

/** A role with its site or grant. */
export type Role = Me['rights'][number]['role'];

/** `operator`, `site site-a`, `lead of climate`. */
export function roleWords(role: Role): string {
  if ('site' in role) return `site ${role.site}`;
  return 'grant' in role ? `${role.role} of ${role.grant}` : role.role;
}

/** The name of who is signed in; without one, the roles. */
export function personWords({ name, rights }: Me): string {
  const roles = [...new Set(rights.map(({ role }) => roleWords(role)))];
  return name ?? (roles.length === 0 ? 'no role yet' : roles.join(', '));
}

/** Whether somebody reads everything, the audit too. */
export function readsEverything({ rights }: Me): boolean {
  return rights.some(({ role }) => role.role === 'operator' || role.role === 'auditor');
}

export function isOperator({ rights }: Me): boolean {
  return rights.some(({ role }) => role.role === 'operator');
}

/** Whether the portal has a sign-in. Without one it says who asks by nothing, and lets anyone in. */
export function hasSignIn({ by }: Me): boolean {
  return by !== 'nothing';
}

/** The roles that a token of this person may have: their own, and those that allow less. */
export function rolesForTokens({ rights }: Me): Role[] {
  const roles = rights.flatMap(({ role }): Role[] => {
    if (role.role === 'operator') return [role, { role: 'auditor' }];
    return role.role === 'lead' ? [role, { role: 'member', grant: role.grant }] : [role];
  });
  return [...new Map(roles.map((role) => [roleWords(role), role])).values()];
}
