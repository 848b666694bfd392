import { FOREIGN_HOST, isOwnHost } from '../../runtime/http/own-host.ts';
import type { ApiServer } from './shapes/api-parts.ts';

/** Health has no secrets, and a write needs a token that no page of another site knows. */
const EXEMPT = new Set(['/healthz', '/readyz', '/api/v1/write']);

/**
 * Refuses requests under a host name that is not ours, so that a page of another site cannot read answers. With a sign-in,
 * requests with a token are exempt: no such page knows one.
 */
export function refuseForeignHosts(
  server: ApiServer,
  ownNames: readonly (string | undefined)[],
  hasSignIn: boolean,
): void {
  server.addHook('onRequest', async ({ headers, routeOptions: { url = '' } }, reply) => {
    if (EXEMPT.has(url) || isOwnHost(headers.host, ownNames)) return;
    if (hasSignIn && headers.authorization !== undefined) return;
    await reply.code(421).send({ error: FOREIGN_HOST });
  });
}
