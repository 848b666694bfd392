import { randomBytes } from 'node:crypto';
import type { SimulatedUser } from './users.ts';

export interface Token {
  user: SimulatedUser;
  issuedMs: number;
  expiresMs: number;
}

/** The tokens that are valid. They end with the process, as they would with a Keystone that changed its keys. */
export interface TokenStore {
  issue(user: SimulatedUser, nowMs: number): { id: string; token: Token };
  /** Undefined for a token that was never issued, or has expired. */
  find(id: string | undefined, nowMs: number): Token | undefined;
}

export function createTokenStore(lifetimeMs: number): TokenStore {
  const tokens = new Map<string, Token>();
  return {
    issue: (user, nowMs) => {
      for (const [id, { expiresMs }] of tokens) if (expiresMs <= nowMs) tokens.delete(id);
      const id = `gAAAAA${randomBytes(64).toString('base64url')}`;
      const token = { user, issuedMs: nowMs, expiresMs: nowMs + lifetimeMs };
      tokens.set(id, token);
      return { id, token };
    },
    find: (id, nowMs) => {
      const token = id === undefined ? undefined : tokens.get(id);
      return token !== undefined && token.expiresMs > nowMs ? token : undefined;
    },
  };
}
