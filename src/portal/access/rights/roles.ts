/** What somebody may do in the portal (P4). A lead reads as a member does. */
export type Role =
  | { role: 'operator' }
  | { role: 'auditor' }
  | { role: 'site'; site: string }
  | { role: 'lead' | 'member'; grant: string };

/** A role that somebody has, and why, as a sentence for people. */
export interface Right {
  role: Role;
  because: string;
}

/** A role in words, such as `site site-a`. */
export function nameOfRole(role: Role): string {
  if ('site' in role) return `site ${role.site}`;
  return 'grant' in role ? `${role.role} of ${role.grant}` : role.role;
}

/** Whether `role` allows nothing that `owner` does not allow. */
export function covers(owner: Role, role: Role): boolean {
  if (owner.role === 'operator') return true;
  if (owner.role === 'auditor') return role.role !== 'operator' && role.role !== 'lead';
  if ('site' in owner) return 'site' in role && role.site === owner.site;
  return 'grant' in role && role.grant === owner.grant && (owner.role === 'lead' || role.role === 'member');
}

/** The roles of a token that its owner has, too: a token never allows more than its owner has at that moment (P5). */
export function rightsWithin(roles: readonly Role[], owner: readonly Right[], token: string): Right[] {
  return roles.flatMap((role) => {
    const reason = owner.find((right) => covers(right.role, role));
    return reason === undefined ? [] : { role, because: `${token}, and its owner: ${reason.because}` };
  });
}
