import { randomNonce, randomPKCECodeVerifier, randomState } from 'openid-client';
import type { Clock } from '../../../runtime/clock.ts';
import type { Database } from '../../database/database.ts';
import { sql } from '../../database/sql.ts';
import { SIGN_IN_MS } from '../access-policy.ts';
import type { Identity } from '../people.ts';
import { hashOf } from '../secrets.ts';
import {
  Provider,
  RefusedSignInError,
  type Challenge,
  type ProviderConfig,
  type StatedPerson,
} from './provider.ts';

export interface SignInsParts {
  database: Database;
  clock: Clock;
  /** Returns the present providers: a reload may change them. */
  providers: () => readonly ProviderConfig[];
}

/** Sign-ins that providers have not answered yet. They stand in the database, so another portal may get the answer. */
export class SignIns {
  readonly #parts: SignInsParts;
  readonly #providers = new Map<string, Provider>();

  constructor(parts: SignInsParts) {
    this.#parts = parts;
  }

  /** Starts a sign-in for the browser with this secret. Returns the address to go to. Throws `ProviderDownError`. */
  async begin(name: string, browser: string, returnTo: string, redirectUri: string): Promise<string> {
    const { database, clock } = this.#parts;
    const challenge = { state: randomState(), nonce: randomNonce(), verifier: randomPKCECodeVerifier() };
    const location = await this.#provider(name).authorizationUrl(challenge, redirectUri);
    await database.inLane('access').query(sql`
      INSERT INTO ledger.sign_in (state_hash, browser_hash, provider, nonce, verifier, return_to, created_ms)
      VALUES (${hashOf(challenge.state)}, ${hashOf(browser)}, ${name}, ${challenge.nonce}, ${challenge.verifier},
              ${returnTo}, ${clock.nowMs()})`);
    return location;
  }

  /**
   * Ends a sign-in by the answer of the provider, once, and only in the browser that started it. Throws
   * `ProviderDownError` and `RefusedSignInError`.
   */
  async finish(
    name: string,
    browser: string | undefined,
    answer: URL,
  ): Promise<StatedPerson & { returnTo: string }> {
    const state = answer.searchParams.get('state') ?? '';
    const row = browser === undefined ? undefined : await this.#take(name, state, browser);
    if (row === undefined)
      throw new RefusedSignInError(
        'this browser has no such sign-in, or it was answered, or it took too long',
      );
    const challenge: Challenge = { state, nonce: row.nonce, verifier: row.verifier };
    return { ...(await this.#provider(name).personOf(answer, challenge)), returnTo: row.return_to };
  }

  /** The address that ends the session at the provider with this issuer, if there is one. */
  async signOutUrl(issuer: string, idToken: string, returnTo: string): Promise<string | undefined> {
    const config = this.#parts.providers().find((one) => one.issuer === issuer);
    return config === undefined ? undefined : await this.#provider(config.name).signOutUrl(idToken, returnTo);
  }

  /** The newest claims of a person who is signed in. Throws `ProviderDownError` and `RefusedSignInError`. */
  async newerClaims({ iss, sub }: Identity, refreshToken: string): Promise<StatedPerson> {
    const config = this.#parts.providers().find(({ issuer }) => issuer === iss);
    if (config === undefined) throw new RefusedSignInError(`there is no provider ${iss} any more`);
    return await this.#provider(config.name).newerClaims(refreshToken, sub);
  }

  async #take(name: string, state: string, browser: string): Promise<PendingRow | undefined> {
    const { database, clock } = this.#parts;
    const { rows } = await database.inLane('access').query<PendingRow>(sql`
      DELETE FROM ledger.sign_in
      WHERE state_hash = ${hashOf(state)} AND browser_hash = ${hashOf(browser)} AND provider = ${name}
        AND created_ms > ${clock.nowMs() - SIGN_IN_MS}
      RETURNING nonce, verifier, return_to`);
    return rows[0];
  }

  /** The provider of this name, with what is known of its endpoints. Throws `RefusedSignInError`. */
  #provider(name: string): Provider {
    const config = this.#parts.providers().find((one) => one.name === name);
    if (config === undefined) throw new RefusedSignInError(`there is no provider '${name}'`);
    const known = this.#providers.get(name);
    if (known !== undefined && JSON.stringify(known.config) === JSON.stringify(config)) return known;
    const provider = new Provider(config, this.#parts.clock);
    this.#providers.set(name, provider);
    return provider;
  }
}

interface PendingRow {
  nonce: string;
  verifier: string;
  return_to: string;
}
