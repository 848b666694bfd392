import type { ClaimRule } from './rights/claim-rules.ts';

/** The rules and times of `[access]`. */
export interface AccessPolicy {
  /** The places that may state who somebody is: the issuers of providers and of the proxy. */
  issuers: readonly string[];
  rules: readonly ClaimRule[];
  /** A session ends when it was not used for this long. */
  sessionIdleMs: number;
  /** A session ends this long after its sign-in. */
  sessionMs: number;
  /** The tokens of a person rest when the person's claims are older. */
  claimsMs: number;
  auditMs: number;
  /** Addresses in the audit are kept for less time than its rows. */
  auditAddressMs: number;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A policy without rules: only the owner's socket, and tokens that it makes, let somebody in. */
export const DEFAULT_POLICY: AccessPolicy = {
  issuers: [],
  rules: [],
  sessionIdleMs: 12 * HOUR,
  sessionMs: 7 * DAY,
  claimsMs: 90 * DAY,
  auditMs: 730 * DAY,
  auditAddressMs: 30 * DAY,
};

/** Claims that are older are asked for again, if the provider lets the portal. Providers often end idle sessions after 30 minutes. */
export const FRESH_CLAIMS_MS = 10 * 60_000;
/** A provider that does not answer is asked once in this time for each session. */
export const ASK_AGAIN_MS = 60_000;

/** The time that a person has to sign in at a provider. */
export const SIGN_IN_MS = 10 * 60_000;
