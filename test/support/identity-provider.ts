import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { importJWK, SignJWT, decodeJwt, type JWK, type JWTPayload } from 'jose';
import { closeServer, listen } from '../../src/runtime/http/listen.ts';
import { createOpenIdProvider, newSigningKey } from '../../src/simulation/identity/open-id-provider.ts';

export const CLIENT = { clientId: 'portal', clientSecret: 'secret-of-the-portal' };

/** Changes the ID token of an answer before the portal gets it. */
export type Tampering = (claims: JWTPayload, sign: typeof signed, key: JWK) => Promise<string> | string;

/** The OpenID Connect provider of the demo, at which everyone is signed in at once. */
export class IdentityProvider {
  /** Who signs in next, and the claim `groups` of this person. */
  user = { sub: 'ada', groups: ['staff'] };
  tamper: Tampering | undefined;
  /** People who have left: the provider knows them no more. */
  readonly left = new Set<string>();
  /** Whether it answers each request with an error of its own. */
  fails = false;
  readonly #redirectUris: string[];
  #port: number;
  #server: ReturnType<typeof createServer> | undefined;

  constructor(redirectUris: string[]) {
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
    const key = newSigningKey() as JWK;
    const handle = createOpenIdProvider({
      issuer: this.issuer,
      ...CLIENT,
      redirectUris: this.#redirectUris,
      key,
      groupsOf: (sub) => (this.left.has(sub) ? undefined : this.user.groups),
      signIn: async () => this.user.sub,
    });
    answer = (request, response) => {
      const { tamper } = this;
      if (this.fails) return response.writeHead(503).end();
      if (tamper !== undefined && request.url === '/token') changeAnswer(response, key, tamper);
      return handle(request, response);
    };
  }

  async stop(): Promise<void> {
    if (this.#server !== undefined) await closeServer(this.#server, 0);
    this.#server = undefined;
  }
}

export async function signed(claims: JWTPayload, key: JWK): Promise<string> {
  const header = { alg: 'RS256', ...(key.kid === undefined ? {} : { kid: key.kid }) };
  return await new SignJWT(claims).setProtectedHeader(header).sign(await importJWK(key, 'RS256'));
}

/** Signs with a key that the provider does not have, under the id of its own key. */
export async function signedByOther(claims: JWTPayload, { kid = '' }: JWK): Promise<string> {
  return await signed(claims, { ...(newSigningKey() as JWK), kid });
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
