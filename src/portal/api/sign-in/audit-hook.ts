import type { FastifyReply, FastifyRequest } from 'fastify';
import { describeError } from '../../../runtime/user-error.ts';
import type { ApiServer } from '../shapes/api-parts.ts';
import { askerOf } from '../shapes/asker-of.ts';
import type { SignInParts } from '../shapes/sign-in-parts.ts';

/** It changes nothing, although it may have a body. */
const WHAT_IF = '/api/v1/charges/what-if';

/** Writes a row of the audit for each change, refusal and export (P7). Sign-ins write their own. */
export function auditRequests(server: ApiServer, { access }: Pick<SignInParts, 'access'>): void {
  server.addHook('onResponse', async (request, reply) => {
    const what = actionOf(request, reply);
    if (what === undefined) return;
    const { ip: address, url: object } = request;
    const event = { who: askerOf(request).who, what, object, address };
    await access.audit
      .note({ ...event, outcome: String(reply.statusCode) })
      .catch((error: unknown) => request.log.error({ reason: describeError(error) }, 'the audit has no row'));
  });
}

function actionOf(request: FastifyRequest, { statusCode }: FastifyReply): string | undefined {
  const { method, headers, query, routeOptions } = request;
  const route = routeOptions.url ?? '';
  if (route === '/api/v1/write' || route.startsWith('/sign-in')) return undefined;
  // Nobody may fill the audit. The attempts with wrong tokens are bounded, so only these have rows.
  if (askerOf(request).by === 'nothing')
    return statusCode === 401 && headers.authorization !== undefined ? `${method} refused` : undefined;
  if (statusCode === 403 || statusCode === 429) return `${method} refused`;
  const isQuestion = route === WHAT_IF || method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
  if (!isQuestion) return method;
  const isCsv = (query as { format?: string }).format === 'csv';
  return route === '/api/v1/grants-file' || isCsv ? 'export' : undefined;
}
