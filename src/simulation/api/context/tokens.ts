import { randomBytes } from 'node:crypto';
import type { SimulatedUser } from './users.ts';

export interface Token {
  user: SimulatedUser;
  issuedMs: number;
  expiresMs: number;
}

/** The valid tokens. They are lost when the process ends, like the tokens of a Keystone with new keys. */
export class TokenStore {
  readonly #lifetimeMs: number;
  readonly #tokens = new Map<string, Token>();

  constructor(lifetimeMs: number) {
    this.#lifetimeMs = lifetimeMs;
  }

  issue(user: SimulatedUser, nowMs: number): { id: string; token: Token } {
    for (const [id, { expiresMs }] of this.#tokens) if (expiresMs <= nowMs) this.#tokens.delete(id);
    const id = `gAAAAA${randomBytes(64).toString('base64url')}`;
    const token = { user, issuedMs: nowMs, expiresMs: nowMs + this.#lifetimeMs };
    this.#tokens.set(id, token);
    return { id, token };
  }

  /** The token with this id; undefined if it was never issued or has expired. */
  find(id: string | undefined, nowMs: number): Token | undefined {
    const token = id === undefined ? undefined : this.#tokens.get(id);
    return token !== undefined && token.expiresMs > nowMs ? token : undefined;
  }
}
