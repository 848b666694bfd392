import * as oidc from 'openid-client';
import type { Clock } from '../../../runtime/clock.ts';
import { describeError } from '../../../runtime/user-error.ts';
import type { Identity } from '../people.ts';
import type { Claims } from '../rights/claim-rules.ts';

/** An OpenID Connect provider of portal.toml. */
export interface ProviderConfig {
  name: string;
  /** For the sign-in page. */
  title: string;
  issuer: string;
  clientId: string;
  /** Secret. Undefined for a public client. */
  clientSecret?: string | undefined;
  scopes: readonly string[];
}

/** The provider does not answer, or not as a provider does. The message is for the log. */
export class ProviderDownError extends Error {
  override readonly name = 'ProviderDownError';
}

/** The answer to a sign-in is not good. The message is for the log. */
export class RefusedSignInError extends Error {
  override readonly name = 'RefusedSignInError';
}

/** The secrets of one sign-in, which the answer must fit. */
export interface Challenge {
  state: string;
  nonce: string;
  verifier: string;
}

/** A person as the provider states it. */
export interface StatedPerson extends Identity {
  claims: Claims;
  idToken: string;
  /** Secret: asks for newer claims later. Not all providers give one. */
  refreshToken: string | undefined;
}

/** A provider that was found may have moved its endpoints. */
const REDISCOVER_AFTER_MS = 3_600_000;
/** A provider that is down is not asked by each person who tries. */
const ASK_AGAIN_AFTER_MS = 5_000;
const TIMEOUT_SECONDS = 10;
/** Clocks of the provider and of the portal may differ by a minute. */
const METADATA = { [oidc.clockTolerance]: 60 };

/** Signs people in at one provider. The provider is asked for its endpoints at the first sign-in, not at the start. */
export class Provider {
  readonly config: ProviderConfig;
  readonly #clock: Clock;
  #found: { metadata: oidc.ServerMetadata; atMs: number } | undefined;
  #failed: { error: ProviderDownError; atMs: number } | undefined;
  #asking: Promise<oidc.ServerMetadata> | undefined;

  constructor(config: ProviderConfig, clock: Clock) {
    this.config = config;
    this.#clock = clock;
  }

  /** The address at which the person signs in. Throws `ProviderDownError`. */
  async authorizationUrl({ state, nonce, verifier }: Challenge, redirectUri: string): Promise<string> {
    const client = await this.#client();
    const url = oidc.buildAuthorizationUrl(client, {
      redirect_uri: redirectUri,
      scope: ['openid', ...this.config.scopes.filter((scope) => scope !== 'openid')].join(' '),
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    });
    return url.href;
  }

  /** The person of an answer, whose address has its parameters. Throws `ProviderDownError` and `RefusedSignInError`. */
  async personOf(answer: URL, { state, nonce, verifier }: Challenge): Promise<StatedPerson> {
    const client = await this.#client();
    try {
      const tokens = await oidc.authorizationCodeGrant(client, answer, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      });
      return await statedBy(client, tokens);
    } catch (cause) {
      if (isUnreachable(cause)) throw this.#down(cause);
      throw new RefusedSignInError(describeError(cause), { cause });
    }
  }

  /**
   * The newest claims of a person. Throws `RefusedSignInError` if the provider has ended the person's sign-in, and
   * `ProviderDownError` for every other failure: then nobody knows whether it has ended.
   */
  async newerClaims(refreshToken: string, sub: string): Promise<StatedPerson> {
    const client = await this.#client();
    try {
      const stated = await statedBy(client, await oidc.refreshTokenGrant(client, refreshToken));
      if (stated.sub !== sub) throw new Error('the newer claims are of another person');
      return { ...stated, refreshToken: stated.refreshToken ?? refreshToken };
    } catch (cause) {
      if (cause instanceof oidc.ResponseBodyError && cause.error === 'invalid_grant')
        throw new RefusedSignInError(describeError(cause), { cause });
      throw this.#down(cause);
    }
  }

  /** The address that ends the person's session at the provider, if the provider has one and can be asked. */
  async signOutUrl(idToken: string, returnTo: string): Promise<string | undefined> {
    const client = await this.#client().catch(() => undefined);
    if (client?.serverMetadata().end_session_endpoint === undefined) return undefined;
    return oidc.buildEndSessionUrl(client, { id_token_hint: idToken, post_logout_redirect_uri: returnTo })
      .href;
  }

  /** A client without keys of the provider: each sign-in reads them, so that new keys count at once. */
  async #client(): Promise<oidc.Configuration> {
    const { clientId } = this.config;
    const client = new oidc.Configuration(await this.#metadata(), clientId, METADATA, this.#authentication());
    for (const prepare of this.#preparations()) prepare(client);
    client.timeout = TIMEOUT_SECONDS;
    return client;
  }

  async #metadata(): Promise<oidc.ServerMetadata> {
    const nowMs = this.#clock.nowMs();
    const found = this.#found;
    if (found !== undefined && nowMs - found.atMs < REDISCOVER_AFTER_MS) return found.metadata;
    if (this.#failed !== undefined && nowMs - this.#failed.atMs < ASK_AGAIN_AFTER_MS) {
      if (found !== undefined) return found.metadata;
      throw this.#failed.error;
    }
    this.#asking ??= this.#discover().finally(() => (this.#asking = undefined));
    return await this.#asking;
  }

  async #discover(): Promise<oidc.ServerMetadata> {
    const { issuer, clientId } = this.config;
    try {
      const options = { execute: this.#preparations(), timeout: TIMEOUT_SECONDS };
      const client = await oidc.discovery(
        new URL(issuer),
        clientId,
        METADATA,
        this.#authentication(),
        options,
      );
      const metadata = client.serverMetadata();
      this.#found = { metadata, atMs: this.#clock.nowMs() };
      this.#failed = undefined;
      return metadata;
    } catch (cause) {
      const error = this.#down(cause);
      this.#failed = { error, atMs: this.#clock.nowMs() };
      if (this.#found !== undefined) return this.#found.metadata;
      throw error;
    }
  }

  #authentication(): oidc.ClientAuth {
    const { clientSecret } = this.config;
    return clientSecret === undefined ? oidc.None() : secretAuth(clientSecret);
  }

  /** Signatures are checked, although TLS vouches for the token. The settings allow HTTP on loopback only. */
  #preparations(): ((client: oidc.Configuration) => void)[] {
    const isPlain = this.config.issuer.startsWith('http:');
    return [oidc.enableNonRepudiationChecks, ...(isPlain ? [oidc.allowInsecureRequests] : [])];
  }

  #down(cause: unknown): ProviderDownError {
    return new ProviderDownError(`provider ${this.config.name}: ${describeError(cause)}`, { cause });
  }
}

async function statedBy(
  client: oidc.Configuration,
  tokens: oidc.TokenEndpointResponse & oidc.TokenEndpointResponseHelpers,
): Promise<StatedPerson> {
  const said = tokens.claims();
  if (said === undefined || tokens.id_token === undefined) throw new Error('there is no ID token');
  const more =
    client.serverMetadata().userinfo_endpoint === undefined
      ? {}
      : await oidc.fetchUserInfo(client, tokens.access_token, said.sub);
  return {
    iss: said.iss,
    sub: said.sub,
    claims: { ...more, ...said },
    idToken: tokens.id_token,
    refreshToken: tokens.refresh_token,
  };
}

/** Sends the secret as the provider wants it. OpenID Connect's default is HTTP Basic. */
function secretAuth(secret: string): oidc.ClientAuth {
  const [basic, post] = [oidc.ClientSecretBasic(secret), oidc.ClientSecretPost(secret)];
  return (server, client, body, headers) => {
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    (methods.includes('client_secret_basic') ? basic : post)(server, client, body, headers);
  };
}

/** Whether the provider could not be reached, or failed by itself. */
function isUnreachable(error: unknown): boolean {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (current instanceof TypeError && current.message === 'fetch failed') return true;
    if (current.name === 'TimeoutError' || current.name === 'AbortError') return true;
    if (current.cause instanceof Response) return current.cause.status >= 500;
  }
  return false;
}
