import { hash, randomBytes } from 'node:crypto';

/** The start of each API token, so that scanners of secrets can find one that was published. */
const TOKEN_PREFIX = 'smt_';

/** 256 random bits, in characters that a cookie and a URL may contain. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

export function newToken(): string {
  return `${TOKEN_PREFIX}${newSecret()}`;
}

/** SHA-256: secrets are random, so they need neither salt nor stretching, and an index may find them. */
export function hashOf(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}
