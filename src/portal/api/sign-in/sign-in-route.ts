import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { SIGN_IN_MS } from '../../access/access-policy.ts';
import { ProviderDownError, RefusedSignInError } from '../../access/oidc/provider.ts';
import type { SessionOrigin } from '../../access/sessions.ts';
import { newSecret } from '../../access/secrets.ts';
import { describeError } from '../../../runtime/user-error.ts';
import type { ApiServer } from '../shapes/api-parts.ts';
import { nameText } from '../shapes/parameters.ts';
import { ProblemError } from '../shapes/request-error.ts';
import type { SignInParts } from '../shapes/sign-in-parts.ts';
import { cookieOf, setCookie } from './cookies.ts';
import { html, sendPage, STYLE } from './html.ts';
import { returnPath } from './return-path.ts';
import { requireSameOrigin } from './same-origin.ts';

const hide = { hide: true };
const returnTo = z.object({ return_to: z.string().max(2000).optional() });
const provider = z.object({ provider: nameText(100) });

/** The pages at which people sign in, by a provider or by a token (P3). */
export function signInRoutes(server: ApiServer, parts: SignInParts): void {
  const { baseUrl, config } = parts;
  acceptForms(server);
  server.get('/sign-in/style.css', { schema: hide }, async (_request, reply) =>
    reply.type('text/css').send(STYLE),
  );
  server.get('/sign-in', { schema: { ...hide, querystring: returnTo } }, async (request, reply) => {
    const path = returnPath(request.query.return_to);
    const query = `?return_to=${encodeURIComponent(path)}`;
    const links = config().providers.map(
      ({ name, title }) =>
        html`<p>
          <a class="button" href="${baseUrl()}/sign-in/to/${name}${query}">Sign in with ${title}</a>
        </p>`,
    );
    const body = html`${links}
      <form method="post" action="${baseUrl()}/sign-in/token">
        <label
          >Or with a token of the portal <input name="token" type="password" autocomplete="off" required
        /></label>
        <input name="return_to" type="hidden" value="${path}" /><button>Sign in</button>
      </form>`;
    await sendPage(reply, { status: 200, baseUrl: baseUrl(), title: 'Sign in', body });
  });
  server.get(
    '/sign-in/to/:provider',
    { schema: { ...hide, params: provider, querystring: returnTo } },
    async (request, reply) => {
      await answerFailures(parts, request, reply, async () => {
        const path = returnPath(request.query.return_to);
        await begin(parts, request, reply, { name: request.params.provider, path });
      });
    },
  );
  server.get(
    '/sign-in/callback/:provider',
    { schema: { ...hide, params: provider } },
    async (request, reply) => {
      await answerFailures(
        parts,
        request,
        reply,
        async () => await finish(parts, request, reply, request.params.provider),
      );
    },
  );
  server.post(
    '/sign-in/token',
    { schema: { ...hide, body: returnTo.extend({ token: z.string().max(200) }) } },
    async (request, reply) => {
      await answerFailures(parts, request, reply, async () => {
        requireSameOrigin(request, baseUrl());
        await signInByToken(parts, request, reply, request.body);
      });
    },
  );
}

/** Forms of pages arrive in this form. */
function acceptForms(server: ApiServer): void {
  const options = { parseAs: 'string' as const, bodyLimit: 16_384 };
  server.addContentTypeParser<string>('application/x-www-form-urlencoded', options, (_request, body, done) =>
    done(null, Object.fromEntries(new URLSearchParams(body))),
  );
}

async function begin(
  { signIns, attempts, baseUrl }: SignInParts,
  request: FastifyRequest,
  reply: FastifyReply,
  { name, path }: { name: string; path: string },
): Promise<void> {
  countAttempt(attempts, request);
  // Sign-ins in several tabs share one secret of the browser.
  const secret = cookieOf(request, 'sign-in', baseUrl()) ?? newSecret();
  const location = await signIns.begin(name, secret, path, `${baseUrl()}/sign-in/callback/${name}`);
  setCookie(reply, 'sign-in', { baseUrl: baseUrl(), secret, maxAgeSeconds: SIGN_IN_MS / 1000 });
  await reply.redirect(location, 303);
}

async function finish(
  parts: SignInParts,
  request: FastifyRequest,
  reply: FastifyReply,
  name: string,
): Promise<void> {
  const { access, attempts, signIns, baseUrl } = parts;
  requireAttempt(attempts, request);
  const query = request.url.split('?').slice(1).join('?');
  // The address is ours, and not that of the request: it must be the one that the provider was told.
  const answer = new URL(`${baseUrl()}/sign-in/callback/${name}?${query}`);
  const {
    iss,
    sub,
    claims,
    idToken,
    refreshToken,
    returnTo: path,
  } = await signIns.finish(name, cookieOf(request, 'sign-in', baseUrl()), answer).catch((error: unknown) => {
    if (error instanceof RefusedSignInError) attempts.note(request.ip);
    throw error;
  });
  const person = await access.people.keep({ iss, sub }, claims);
  await openSession(parts, request, reply, {
    origin: { iss, sub, idToken, refreshToken },
    who: `person ${person}`,
    path,
  });
}

async function signInByToken(
  parts: SignInParts,
  request: FastifyRequest,
  reply: FastifyReply,
  { token, return_to: path }: { token: string; return_to?: string | undefined },
): Promise<void> {
  countAttempt(parts.attempts, request);
  const { tokenId, who = '' } = (await parts.access.tokens.askerOf(token.trim())) ?? {};
  if (tokenId === undefined) throw new RefusedSignInError('the token is not valid');
  await openSession(parts, request, reply, { origin: { tokenId }, who, path: returnPath(path) });
}

function countAttempt(attempts: SignInParts['attempts'], request: FastifyRequest): void {
  requireAttempt(attempts, request);
  attempts.note(request.ip);
}

function requireAttempt(attempts: SignInParts['attempts'], request: FastifyRequest): void {
  if (!attempts.mayTry(request.ip))
    throw new ProblemError(
      429,
      'Too many attempts',
      'too many sign-ins came from this address; wait a minute',
    );
}

async function openSession(
  { access, baseUrl, config }: SignInParts,
  request: FastifyRequest,
  reply: FastifyReply,
  { origin, who, path }: { origin: SessionOrigin; who: string; path: string },
): Promise<void> {
  const secret = await access.sessions.open(origin, cookieOf(request, 'session', baseUrl()));
  await access.audit.note({ who, what: 'sign-in', object: path, outcome: 'done', address: request.ip });
  const maxAgeSeconds = config().policy.sessionMs / 1000;
  setCookie(reply, 'session', { baseUrl: baseUrl(), secret, maxAgeSeconds });
  await reply.redirect(`${baseUrl()}${path}`, 303);
}

/** Answers a sign-in that fails with a page. Its reason is for the log and the audit: it may help an attacker. */
async function answerFailures(
  { access, baseUrl }: SignInParts,
  request: FastifyRequest,
  reply: FastifyReply,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    const page = pageOf(error);
    if (page === undefined) throw error;
    const reason = describeError(error);
    const object = request.routeOptions.url ?? '';
    const event = { who: 'nobody', what: 'sign-in', object, outcome: reason, address: request.ip };
    if (page.status === 400) await access.audit.note(event);
    else request.log.warn({ reason }, 'a sign-in failed');
    const body = html`<p>${page.text}</p>
      <p><a class="button" href="${baseUrl()}/sign-in">Try again</a></p>`;
    await sendPage(reply, { status: page.status, baseUrl: baseUrl(), title: page.title, body });
  }
}

function pageOf(error: unknown): { status: number; title: string; text: string } | undefined {
  if (error instanceof ProviderDownError)
    return {
      status: 503,
      title: 'The identity provider does not answer',
      text: 'Try again in a minute. People who are signed in stay signed in.',
    };
  if (error instanceof RefusedSignInError)
    return {
      status: 400,
      title: 'The sign-in did not work',
      text: 'It was not started in this browser, or took too long, or the answer was not valid.',
    };
  if (error instanceof ProblemError)
    return { status: error.statusCode, title: error.title, text: error.message };
  return undefined;
}
