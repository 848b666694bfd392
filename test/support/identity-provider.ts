import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { exportJWK, generateKeyPair, importJWK, SignJWT, decodeJwt, type JWK, type JWTPayload } from 'jose';
import { Provider, type KoaContextWithOIDC } from 'oidc-provider';
import { closeServer, listen } from '../../src/runtime/http/listen.ts';

export const CLIENT = { clientId: 'portal', clientSecret: 'secret-of-the-portal' };

/** Changes the ID token of an answer before the portal gets it. */
export type Tampering = (claims: JWTPayload, sign: typeof signed, key: JWK) => Promise<string> | string;

/** A real OpenID Connect provider on loopback, at which everyone signs in without a password. */
export class IdentityProvider {
  /** Who signs in next, and the claim `groups` of this person. */
  user = { sub: 'ada', groups: ['staff'] };
  tamper: Tampering | undefined;
  readonly #redirectUris: string[];
  readonly #name: string;
  #port: number;
  #server: ReturnType<typeof createServer> | undefined;

  constructor(name: string, redirectUris: string[]) {
    this.#name = name;
    this.#redirectUris = redirectUris;
    this.#port = 0;
  }

  get issuer(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Starts with new keys, at the same address as before. */
  async start(): Promise<void> {
    let answer: (request: IncomingMessage, response: ServerResponse) => unknown = (_, response) =>
      response.end();
    const server = createServer((request, response) => void answer(request, response));
    this.#port = (await listen(server, { host: '127.0.0.1', port: this.#port })).port;
    this.#server = server;
    const key = { ...(await newKey()), kid: `${this.#name}-${Date.now()}-${Math.random()}` };
    const handle = this.#provider(key).callback();
    answer = (request, response) => {
      const { tamper } = this;
      if (tamper !== undefined && request.url === '/token') changeAnswer(response, key, tamper);
      return handle(request, response);
    };
  }

  async stop(): Promise<void> {
    if (this.#server !== undefined) await closeServer(this.#server, 0);
    this.#server = undefined;
  }

  #provider(key: JWK): Provider {
    const provider = new Provider(this.issuer, {
      clients: [
        {
          client_id: CLIENT.clientId,
          client_secret: CLIENT.clientSecret,
          redirect_uris: this.#redirectUris,
          post_logout_redirect_uris: this.#redirectUris.map((uri) => new URL('/sign-in', uri).href),
        },
      ],
      jwks: { keys: [key] },
      cookies: { keys: ['a key of the test'] },
      claims: { openid: ['sub'], groups: ['groups'] },
      conformIdTokenClaims: false,
      features: { devInteractions: { enabled: false } },
      findAccount: (_context, sub) => ({
        accountId: sub,
        claims: () => ({ sub, groups: this.user.groups, email: 'ada@example.org' }),
      }),
      interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    });
    provider.use(async (context: KoaContextWithOIDC, next: () => Promise<void>) => {
      if (context.path.startsWith('/interaction/')) await this.#agree(provider, context);
      else await next();
    });
    return provider;
  }

  /** Signs the person in, and agrees to everything that the portal asks for. */
  async #agree(provider: Provider, context: KoaContextWithOIDC): Promise<void> {
    const { req, res } = context;
    // The provider writes the answer itself.
    context.respond = false;
    const { prompt, params, session } = await provider.interactionDetails(req, res);
    if (prompt.name === 'login') {
      await provider.interactionFinished(req, res, { login: { accountId: this.user.sub } });
    } else {
      const grant = new provider.Grant({ accountId: session?.accountId ?? '', clientId: CLIENT.clientId });
      grant.addOIDCScope(String(params['scope']));
      await provider.interactionFinished(req, res, { consent: { grantId: await grant.save() } });
    }
  }
}

async function newKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return { ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig' };
}

export async function signed(claims: JWTPayload, key: JWK): Promise<string> {
  const header = { alg: 'RS256', ...(key.kid === undefined ? {} : { kid: key.kid }) };
  return await new SignJWT(claims).setProtectedHeader(header).sign(await importJWK(key, 'RS256'));
}

/** Signs with a key that the provider does not have, under the id of its own key. */
export async function signedByOther(claims: JWTPayload, { kid = '' }: JWK): Promise<string> {
  return await signed(claims, { ...(await newKey()), kid });
}

function changeAnswer(response: ServerResponse, key: JWK, tamper: Tampering): void {
  const end = response.end.bind(response) as (text: string) => ServerResponse;
  response.end = ((body: string | Buffer) => {
    const answer = JSON.parse(String(body)) as { id_token?: string };
    void (async () => {
      const { id_token: token } = answer;
      if (token !== undefined) answer.id_token = await tamper(decodeJwt(token), signed, key);
      const text = JSON.stringify(answer);
      response.setHeader('content-length', Buffer.byteLength(text));
      end(text);
    })();
    return response;
  }) as typeof response.end;
}
