import { z } from 'zod';
import type { ApiServer } from '../shapes/api-parts.ts';
import { askerOf } from '../shapes/asker-of.ts';
import type { SignInParts } from '../shapes/sign-in-parts.ts';
import { cookieOf, setCookie } from './cookies.ts';
import { html, sendPage, wantsPage } from './html.ts';

const signOutBody = z.object({ everywhere: z.enum(['true', 'false']).default('false') }).nullish();

/** Ends the session here, or all sessions of the person. Says where to end the session at the provider. */
export function signOutRoute(server: ApiServer, { access, signIns, baseUrl }: SignInParts): void {
  server.post('/sign-out', { schema: { hide: true, body: signOutBody } }, async (request, reply) => {
    const { person, by } = askerOf(request);
    const cookie = cookieOf(request, 'session', baseUrl());
    const ended = cookie === undefined ? undefined : await access.sessions.end(cookie);
    // A token that was stolen must not sign its owner out.
    const everywhere = request.body?.everywhere === 'true' && by !== 'token';
    if (everywhere && person !== undefined) await access.sessions.endAll(person);
    // The next person at this browser must not find answers in its cache.
    reply.header('clear-site-data', '"cache"');
    setCookie(reply, 'session', { baseUrl: baseUrl(), secret: '', maxAgeSeconds: 0 });
    const atProvider =
      ended === undefined
        ? undefined
        : await signIns.signOutUrl(ended.iss, ended.idToken, `${baseUrl()}/sign-in`);
    if (!wantsPage(request)) return await reply.send({ provider_sign_out: atProvider ?? null });
    const link =
      atProvider === undefined
        ? html``
        : html`<p><a class="button" href="${atProvider}">Sign out at the identity provider, too</a></p>`;
    const body = html`<p>You are signed out of the portal in this browser.</p>
      ${link}
      <p><a class="button" href="${baseUrl()}/sign-in">Sign in</a></p>`;
    return await sendPage(reply, { status: 200, baseUrl: baseUrl(), title: 'Signed out', body });
  });
}
