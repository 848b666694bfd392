import { z } from 'zod';
import type { Clock } from '../../../runtime/clock.ts';
import { shownUrl } from '../../../runtime/http/shown-url.ts';
import { UserError } from '../../../runtime/user-error.ts';
import { authRequest } from './auth-request.ts';
import { catalogSchema, serviceEndpoint, type Catalog } from './catalog.ts';
import type { Credentials } from '../credentials/credentials.ts';
import { overriddenEndpoint } from '../credentials/endpoint-overrides.ts';
import type { Http, HttpAnswer } from './http.ts';
import { answerError, faultMessage, ServiceError } from './service-error.ts';
import { SERVICES, versionedPath, type Service } from '../credentials/services.ts';

export interface Session {
  credentials: Credentials;
  /** Signs in, unless the session has a valid token. */
  signIn(): Promise<SignIn>;
  /** Asks a service with a token. Throws `ServiceForbidden`, `ServiceMissing` and other errors for any status but 2xx. */
  get(asked: ServiceRequest): Promise<HttpAnswer>;
  /** A session of the same user in another project; undefined where the credentials are for one project only. */
  inProject(projectId: string): Session | undefined;
}

interface SignIn {
  catalog: Catalog;
  user: string;
  project: string | undefined;
  /** The project of the token; undefined where the token is for no project. */
  projectId: string | undefined;
  /** Names of the user's roles in the project. */
  roles: readonly string[];
  /** The domains that the token names: the user's and the project's. */
  domains: readonly { id: string; name: string }[];
}

export interface ServiceRequest {
  service: Service;
  method?: 'GET' | 'HEAD';
  /** The path below the service's address, or a function that returns another path. */
  path: string | ((base: string) => string);
  /** A list is sent as a repeated parameter. */
  query?: Record<string, string | readonly string[]>;
  headers?: Record<string, string>;
  /** Only the headers are wanted: any status and any body will do. */
  onlyHeaders?: boolean;
}

export interface SessionOptions {
  credentials: Credentials;
  http: Http;
  clock: Clock;
  /** Aborts running requests. */
  signal?: AbortSignal | undefined;
}

interface Token extends SignIn {
  id: string;
  /** Unix milliseconds, by this machine's clock. */
  renewAtMs: number;
}

/** A Keystone v3 session with one token. It renews the token before it expires, and once when a service refuses it. */
export class KeystoneSession implements Session {
  readonly #options: SessionOptions;
  readonly #byProject = new Map<string, Session>();
  #token: Promise<Token> | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  get credentials(): Credentials {
    return this.#options.credentials;
  }

  async signIn(): Promise<SignIn> {
    return await this.#currentToken();
  }

  async get(asked: ServiceRequest): Promise<HttpAnswer> {
    const token = await this.#currentToken();
    const answer = await ask(asked, token, this.#options);
    if (asked.onlyHeaders) return answer;
    if (answer.status !== 401) return successful(asked, answer);
    return successful(asked, await ask(asked, await this.#currentToken(token), this.#options));
  }

  /** An application credential cannot be scoped to any project but its own. */
  inProject(id: string): Session | undefined {
    const { credentials } = this.#options;
    const { identity } = credentials;
    if (identity.method !== 'password') return undefined;
    const scoped = { ...credentials, identity: { ...identity, project: { id } } };
    const session = this.#byProject.get(id) ?? new KeystoneSession({ ...this.#options, credentials: scoped });
    this.#byProject.set(id, session);
    return session;
  }

  /** The present token. If it is about to expire or is `refused`, all callers wait for one new token. */
  async #currentToken(refused?: Token): Promise<Token> {
    const before = this.#token;
    const token = await before?.catch(() => undefined);
    if (this.#token !== before) return await this.#currentToken(refused);
    if (token !== undefined && token !== refused && this.#options.clock.nowMs() < token.renewAtMs)
      return token;
    this.#token = requestToken(this.#options);
    return await this.#token;
  }
}

async function ask(asked: ServiceRequest, token: Token, options: SessionOptions): Promise<HttpAnswer> {
  const url = serviceUrl(asked, token, options.credentials);
  for (const [name, values] of Object.entries(asked.query ?? {})) {
    for (const value of [values].flat()) url.searchParams.append(name, value);
  }
  return await options.http({
    service: SERVICES[asked.service].name,
    method: asked.method ?? 'GET',
    url,
    headers: { ...asked.headers, 'x-auth-token': token.id },
    onlyHeaders: asked.onlyHeaders,
    signal: options.signal,
  });
}

/** Keystone itself is asked at the sign-in address: its address in the catalog may be for other networks. */
function serviceUrl({ service, path }: ServiceRequest, token: Token, credentials: Credentials): URL {
  const url = baseUrl(service, token, credentials);
  url.pathname = url.pathname.replace(/(?<!\/)\/+$/, '');
  url.pathname = typeof path === 'string' ? url.pathname.replace(/\/$/, '') + path : path(url.pathname);
  return url;
}

function baseUrl(service: Service, { catalog, projectId }: Token, credentials: Credentials): URL {
  const override = credentials.endpoints[service];
  if (override !== undefined) return overriddenEndpoint(override, projectId);
  if (service === 'identity') return new URL(credentials.authUrl);
  const url = serviceEndpoint(catalog, service, { ...credentials, ...credentials.choices[service] });
  url.pathname = versionedPath(service, url.pathname.replace(/\/$/, ''), projectId);
  return url;
}

function successful(asked: ServiceRequest, answer: HttpAnswer): HttpAnswer {
  if (answer.status >= 200 && answer.status < 300) return answer;
  const path = typeof asked.path === 'string' ? asked.path : asked.path('');
  const what = `${asked.method ?? 'GET'} ${path}`;
  throw answerError(SERVICES[asked.service].name, what, answer.status, answer.body);
}

const domainSchema = z.object({ id: z.string(), name: z.string() });
/** A time without a zone is in UTC. */
const instantSchema = z.iso
  .datetime({ offset: true, local: true })
  .transform((text) => Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`));
const tokenSchema = z.object({
  token: z.object({
    issued_at: instantSchema,
    expires_at: instantSchema,
    user: z.object({ name: z.string(), domain: domainSchema }),
    project: z.object({ id: z.string(), name: z.string(), domain: domainSchema }).optional(),
    roles: z.array(z.object({ name: z.string() })).default([]),
    catalog: catalogSchema,
  }),
});

async function requestToken({ credentials, http, signal }: SessionOptions): Promise<Token> {
  const url = new URL(credentials.authUrl);
  url.pathname += '/auth/tokens';
  const body = authRequest(credentials.identity);
  const answer = await http({ service: 'Keystone', method: 'POST', url, body, signal });
  if (answer.status !== 201) throw signInError(answer, credentials);
  const parsed = tokenSchema.safeParse(answer.body);
  const id = answer.headers['x-subject-token'];
  if (!parsed.success || id === undefined)
    throw new ServiceError(`${shownUrl(url)} answers a sign-in without a token of Keystone v3`);
  const { token } = parsed.data;
  const lifetimeMs = token.expires_at - token.issued_at;
  return {
    id,
    catalog: token.catalog,
    user: token.user.name,
    project: token.project?.name,
    projectId: token.project?.id,
    roles: token.roles.map(({ name }) => name),
    domains: [token.user.domain, ...(token.project ? [token.project.domain] : [])],
    renewAtMs: answer.timing.sentMs + lifetimeMs - renewalMarginMs(lifetimeMs),
  };
}

/** How long before its end a token is renewed: it is still valid for the requests of a page or two. */
function renewalMarginMs(lifetimeMs: number): number {
  return Math.min(120_000, lifetimeMs / 4);
}

function signInError({ status, body }: HttpAnswer, { authUrl, identity }: Credentials): Error {
  if (status === 401)
    return new UserError(
      `Keystone at ${shownUrl(authUrl)} refuses the credentials (401): ${
        identity.method === 'password'
          ? 'check OS_USERNAME, OS_PASSWORD, the project and their domains'
          : 'check the id and secret of the application credential, and whether it has expired'
      }`,
    );
  if (status === 404 || (status >= 300 && status < 400))
    return new UserError(
      `${shownUrl(authUrl)} is not a Keystone v3 (it answers ${status}); check OS_AUTH_URL`,
    );
  const said = faultMessage(body);
  return new ServiceError(
    `Keystone at ${shownUrl(authUrl)} answers ${status}${said === undefined ? '' : `: ${said}`}`,
  );
}
