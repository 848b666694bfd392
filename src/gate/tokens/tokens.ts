import { hash, randomBytes, timingSafeEqual } from 'node:crypto';

/** A token that the gate knows by its hash alone. */
export interface Token {
  name: string;
  /** SHA-256 of the token: tokens are random, so that neither salt nor stretching is needed. */
  hash: Buffer;
  /** Instant from which on it is no longer valid. */
  expiresMs: number | undefined;
}

export type TokenCheck<T> = { valid: true; token: T } | { valid: false; expired: string | undefined };

/** 256 random bits, in the characters of a URL. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

export function hashToken(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}

/** Rule G3: compares with every token in constant time, whether or not one has matched already. */
export function checkToken<T extends Token>(
  tokens: readonly T[],
  presented: string,
  nowMs: number,
): TokenCheck<T> {
  const presentedHash = hashToken(presented);
  const matching = tokens.filter((token) => timingSafeEqual(token.hash, presentedHash));
  const valid = matching.find(({ expiresMs }) => expiresMs === undefined || nowMs < expiresMs);
  return valid ? { valid: true, token: valid } : { valid: false, expired: matching[0]?.name };
}
