import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { NOBODY, ownerAsker, type Asker } from '../../access/asker.ts';
import { allowedBy } from '../../access/rights/explain.ts';
import { mayChange, scopeOf } from '../../access/rights/scope.ts';
import { ProviderDownError, RefusedSignInError } from '../../access/oidc/provider.ts';
import { hashOf } from '../../access/secrets.ts';
import type { AskForClaims } from '../../access/sessions.ts';
import type { ApiServer } from '../shapes/api-parts.ts';
import { setAsker } from '../shapes/asker-of.ts';
import { toldAuthor } from '../shapes/author.ts';
import { ProblemError } from '../shapes/request-error.ts';
import type { SignInParts } from '../shapes/sign-in-parts.ts';
import { cookieOf } from './cookies.ts';
import { needOf, type Need } from './route-needs.ts';
import { html, sendPage, wantsPage } from './html.ts';
import { requireSameOrigin } from './same-origin.ts';

/** Finds out who asks, before each route, and refuses anyone who lacks what the route needs. */
export function askWho(
  server: ApiServer,
  parts: SignInParts,
  ownerRequests: WeakSet<IncomingMessage> | undefined,
): void {
  server.addHook('onRequest', async (request, reply) => {
    const need = needOf(request.method, request.routeOptions.url, request.url.split('?', 1)[0] ?? '');
    if (need === 'nothing') return;
    try {
      const asker =
        ownerRequests?.has(request.raw) === true
          ? ownerAsker(toldAuthor(request.headers))
          : await askerFor(request, parts);
      setAsker(request, asker);
      requireNeed(asker, need);
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      return await refuse(request, reply, error, parts);
    }
  });
}

async function askerFor(request: FastifyRequest, parts: SignInParts): Promise<Asker> {
  const { access, proxyPeople, config, baseUrl } = parts;
  const { authorization } = request.headers;
  if (authorization !== undefined) return await askerOfHeader(request, authorization, parts);
  const cookie = cookieOf(request, 'session', baseUrl());
  const { proxy, trustedProxies } = config();
  const asker =
    (cookie === undefined ? undefined : await access.sessions.askerOf(cookie, claimsFrom(request, parts))) ??
    (proxy === undefined ? undefined : await proxyPeople.askerOf(request.raw, proxy, trustedProxies));
  if (asker === undefined) return NOBODY;
  // The audit names the person also if the request is refused.
  setAsker(request, asker);
  requireSameOrigin(request, baseUrl());
  return asker;
}

/** Sessions go on while a provider does not answer. */
function claimsFrom(request: FastifyRequest, { signIns }: SignInParts): AskForClaims {
  return async (identity, refreshToken) => {
    try {
      return await signIns.newerClaims(identity, refreshToken);
    } catch (error) {
      if (error instanceof RefusedSignInError) return 'ended';
      if (!(error instanceof ProviderDownError)) throw error;
      request.log.warn({ reason: error.message }, 'the claims of a person could not be refreshed');
      return undefined;
    }
  };
}

async function askerOfHeader(
  request: FastifyRequest,
  authorization: string,
  { access, wrongTokens, config }: SignInParts,
): Promise<Asker> {
  const token = /^Bearer ([\x21-\x7e]+)$/i.exec(authorization)?.[1] ?? '';
  const mayTry = wrongTokens.mayTry(request.ip);
  const isMetrics = request.routeOptions.url === '/metrics';
  if (mayTry && isMetrics && isMetricsToken(token, config().metricsToken)) return METRICS;
  const asker = await access.tokens.askerOf(token);
  // A token cannot be guessed, so wrong ones from the same address do not block a valid one.
  if (asker !== undefined) return asker;
  if (!mayTry)
    throw new ProblemError(
      429,
      'Too many attempts',
      'too many wrong tokens came from this address; wait a minute',
    );
  wrongTokens.note(request.ip);
  throw new ProblemError(401, 'Not signed in', 'the token is not valid: it is unknown, revoked or has ended');
}

const METRICS: Asker = {
  who: 'metrics',
  by: 'token',
  rights: [{ role: { role: 'auditor' }, because: 'the token of /metrics' }],
};

function isMetricsToken(token: string, expected: string | undefined): boolean {
  return expected !== undefined && timingSafeEqual(hashOf(token), hashOf(expected));
}

function requireNeed({ by, rights }: Asker, need: Need | undefined): void {
  if (by === 'nothing')
    throw new ProblemError(401, 'Not signed in', 'sign in, or send a token: Authorization: Bearer smt_…');
  if (need !== undefined && MEETS[need](rights)) return;
  const allowed = allowedBy(rights).join(', ');
  throw new ProblemError(
    403,
    'Not allowed',
    `your roles do not allow this: you have a sign-in that ${allowed}`,
  );
}

const MEETS: Readonly<Record<Need, (rights: Asker['rights']) => boolean>> = {
  nothing: () => true,
  'a sign-in': () => true,
  'a role': (rights) => rights.length > 0,
  everything: (rights) => 'everything' in scopeOf(rights),
  'an operator': mayChange,
};

/** Answers people with a page, and programs with a problem. */
async function refuse(
  request: FastifyRequest,
  reply: FastifyReply,
  error: ProblemError,
  { baseUrl }: SignInParts,
): Promise<void> {
  if (error.statusCode === 401) reply.header('www-authenticate', challengeFor(request));
  if (!wantsPage(request)) throw error;
  const returnTo = encodeURIComponent(request.url);
  if (error.statusCode === 401 && request.headers.authorization === undefined)
    return await reply.redirect(`${baseUrl()}/sign-in?return_to=${returnTo}`, 303);
  const body = html`<p>${error.message}.</p>
    <p>Ask an operator of the portal for a role. <a href="${baseUrl()}/api/v1/me">Your roles and why</a></p>
    <form method="post" action="${baseUrl()}/sign-out"><button>Sign out</button></form>`;
  await sendPage(reply, { status: error.statusCode, baseUrl: baseUrl(), title: error.title, body });
}

/** RFC 6750: a request that named no token gets no error code. */
function challengeFor({ headers }: FastifyRequest): string {
  return headers.authorization === undefined ? 'Bearer' : 'Bearer error="invalid_token"';
}
