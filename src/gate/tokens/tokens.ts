import { hash, randomBytes, timingSafeEqual } from 'node:crypto';

/** A token, of which the gate has only the hash. */
export interface Token {
  name: string;
  /** SHA-256 of the token. Tokens are random, so they need neither salt nor stretching. */
  hash: Buffer;
  /** Unix milliseconds at which the token expires; undefined for never. */
  expiresMs: number | undefined;
}

export type TokenCheck<T> = { valid: true; token: T } | { valid: false; expired: string | undefined };

/** A new token: 256 random bits in characters that a URL may contain. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

export function hashToken(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}

/** Rule G3: compares the presented token with every token in constant time, even after a match. */
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
