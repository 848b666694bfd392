import type { Right } from './rights/roles.ts';

/** Who sends a request, and what they may do. */
export interface Asker {
  /** Pseudonymous, for the audit: `person p-17`, `token 4`, `owner`, `nobody`. */
  who: string;
  /** The way in which the request says who asks. */
  by: 'session' | 'token' | 'socket' | 'proxy' | 'nothing';
  rights: readonly Right[];
  /** The person, if a person asks or owns the token. */
  person?: string | undefined;
  /** The token, if a token asks or has opened the session. */
  tokenId?: string | undefined;
}

export const NOBODY: Asker = { who: 'nobody', by: 'nothing', rights: [] };

/** Anyone who connects to a portal without a sign-in (P1). */
export const ANYONE: Asker = {
  who: 'anyone',
  by: 'nothing',
  rights: [{ role: { role: 'operator' }, because: 'this portal has no sign-in' }],
};

/** The account that the portal runs under, by its socket (P9). */
export function ownerAsker(name: string): Asker {
  const because = "the request came over the portal's own socket";
  return { who: `owner ${name}`, by: 'socket', rights: [{ role: { role: 'operator' }, because }] };
}
