import { generateKeyPairSync, randomBytes, randomUUID, type JsonWebKey } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { interactionPolicy, Provider, type KoaContextWithOIDC } from 'oidc-provider';

export interface OpenIdProviderOptions {
  issuer: string;
  clientId: string;
  clientSecret: string;
  redirectUris: readonly string[];
  /** Signs the ID tokens. */
  key: JsonWebKey;
  /** Returns the claim `groups` of a person; undefined for a person who has left. */
  groupsOf: (sub: string) => readonly string[] | undefined;
  /** Who signs in. It answers the request itself, and returns nothing, if the person has not chosen yet. */
  signIn: (request: IncomingMessage, response: ServerResponse) => Promise<string | undefined>;
}

/**
 * A real OpenID Connect provider, at which nobody has a password. It asks at each sign-in who signs in, and agrees to all
 * that its one client asks for.
 */
export function createOpenIdProvider(
  options: OpenIdProviderOptions,
): (request: IncomingMessage, response: ServerResponse) => unknown {
  const policy = interactionPolicy.base();
  const { Check } = interactionPolicy;
  policy
    .get('login')
    ?.checks.add(
      new Check('who', 'nobody has said who signs in', ({ oidc: { result } }) =>
        result?.login === undefined ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT,
      ),
    );
  const provider = new Provider(options.issuer, {
    clients: [clientOf(options)],
    jwks: { keys: [options.key] },
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    claims: { openid: ['sub'], groups: ['groups'] },
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: false } },
    // The portal asks for newer claims with it.
    issueRefreshToken: async () => await Promise.resolve(true),
    findAccount: (_context, sub) => {
      const groups = options.groupsOf(sub);
      if (groups === undefined) return undefined;
      return {
        accountId: sub,
        claims: () => ({ sub, groups: [...groups], email: `${sub}@example.org` }),
      };
    },
    interactions: { policy, url: (_context, { uid }) => `/interaction/${uid}` },
    loadExistingGrant: agree,
    ttl: {
      AccessToken: 600,
      AuthorizationCode: 60,
      Grant: 3600,
      IdToken: 600,
      Interaction: 600,
      RefreshToken: 3600,
      Session: 3600,
    },
  });
  provider.use(async (context: KoaContextWithOIDC, next: () => Promise<void>) => {
    if (!context.path.startsWith('/interaction/')) return await next();
    const { req, res } = context;
    // The answer is written to the response itself.
    context.respond = false;
    await provider.interactionDetails(req, res);
    const sub = await options.signIn(req, res);
    if (sub !== undefined)
      await provider.interactionFinished(req, res, { login: { accountId: sub, remember: false } });
  });
  return provider.callback();
}

function clientOf({ clientId, clientSecret, redirectUris }: OpenIdProviderOptions) {
  return {
    client_id: clientId,
    client_secret: clientSecret,
    redirect_uris: [...redirectUris],
    grant_types: ['authorization_code', 'refresh_token'],
    post_logout_redirect_uris: redirectUris.map((uri) => uri.replace(/\/callback\/[^/]*$/, '')),
  };
}

/** Agrees to the scopes of a request, in the name of the person. */
async function agree({ oidc: { provider, session, client, params } }: KoaContextWithOIDC) {
  if (session?.accountId === undefined || client === undefined) return undefined;
  const grant = new provider.Grant({ accountId: session.accountId, clientId: client.clientId });
  grant.addOIDCScope(String(params?.['scope']));
  await grant.save();
  return grant;
}

/** A new key, with an id that no other has. */
export function newSigningKey(): JsonWebKey & { kid: string } {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig', kid: randomUUID() };
}
