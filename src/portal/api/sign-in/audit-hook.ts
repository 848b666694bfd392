import type { FastifyReply, FastifyRequest } from 'fastify';
import { describeError } from '../../../runtime/user-error.ts';
import type { ApiServer } from '../shapes/api-parts.ts';
import { askerOf } from '../shapes/asker-of.ts';
import type { SignInParts } from '../shapes/sign-in-parts.ts';

/** Writes a row of the audit for each change, refusal and export (P7). Sign-ins write their own. */
export function auditRequests(server: ApiServer, { access }: Pick<SignInParts, 'access'>): void {
  server.addHook('onResponse', async (request, reply) => {
    const what = actionOf(request, reply);
    if (what === undefined) return;
    const { ip: address, url: object } = request;
    const event = { who: askerOf(request).who, what, object: withoutSecret(object), address };
    await access.audit
      .note({ ...event, outcome: String(reply.statusCode) })
      .catch((error: unknown) => request.log.error({ reason: describeError(error) }, 'the audit has no row'));
  });
}

function actionOf(request: FastifyRequest, { statusCode }: FastifyReply): string | undefined {
  const { method, headers, url, routeOptions } = request;
  const route = routeOptions.url ?? '';
  if (route === '/api/v1/write' || route.startsWith('/sign-in')) return undefined;
  if (statusCode === 403) return `${method} refused`;
  // Nobody may fill the audit: without credentials this is one more of many wrong tokens, which have rows.
  if (statusCode === 429) return askerOf(request).by === 'nothing' ? undefined : `${method} refused`;
  // Somebody without credentials is sent to the sign-in, which is no refusal.
  if (statusCode === 401) return headers.authorization === undefined ? undefined : `${method} refused`;
  if (method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS') return method;
  return route === '/api/v1/grants-file' || /[?&]format=csv\b/.test(url) ? 'export' : undefined;
}

/** The secret of an invitation stands in its address. */
function withoutSecret(url: string): string {
  return url.replace(/^(\/invitation\/)[^?]*/, '$1…');
}
