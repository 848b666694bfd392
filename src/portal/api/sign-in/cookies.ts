import type { FastifyReply, FastifyRequest } from 'fastify';

/** A secret as the portal makes it. */
const SECRET = /^[\w-]{43}$/;

export type CookieKind = 'session' | 'sign-in';

/**
 * The name of a cookie. A browser takes `__Host-` only from this very host over HTTPS, so neither another host of the domain
 * nor a network in between can set one (P6). Loopback has no HTTPS.
 */
function nameOf(kind: CookieKind, baseUrl: string): string {
  const name = kind === 'session' ? 'stackmeter' : 'stackmeter-sign-in';
  return isSecure(baseUrl) ? `__Host-${name}` : name;
}

function isSecure(baseUrl: string): boolean {
  return baseUrl.startsWith('https:');
}

/** The secret in a cookie of the request; undefined if there is none that the portal could have made. */
export function cookieOf(request: FastifyRequest, kind: CookieKind, baseUrl: string): string | undefined {
  const name = `${nameOf(kind, baseUrl)}=`;
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim());
  const value = pairs.find((pair) => pair.startsWith(name))?.slice(name.length);
  return value !== undefined && SECRET.test(value) ? value : undefined;
}

/** Sets a cookie, or removes it with `maxAgeSeconds` 0. */
export function setCookie(
  reply: FastifyReply,
  kind: CookieKind,
  { baseUrl, secret, maxAgeSeconds }: { baseUrl: string; secret: string; maxAgeSeconds: number },
): void {
  const secure = isSecure(baseUrl) ? '; Secure' : '';
  reply.header(
    'set-cookie',
    `${nameOf(kind, baseUrl)}=${secret}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${secure}`,
  );
}
