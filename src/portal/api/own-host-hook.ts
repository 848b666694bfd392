import { FOREIGN_HOST, isOwnHost } from '../../runtime/http/own-host.ts';
import type { ApiServer } from './shapes/api-parts.ts';

/** Health has no secrets, and a write needs a token that no page of another site knows. */
const EXEMPT = new Set(['/healthz', '/readyz', '/api/v1/write']);

/** Refuses requests under a host name that is not ours, so that a page of another site cannot read answers. */
export function refuseForeignHosts(server: ApiServer, ownNames: readonly (string | undefined)[]): void {
  server.addHook('onRequest', async ({ headers: { host }, routeOptions: { url = '' } }, reply) => {
    if (EXEMPT.has(url) || isOwnHost(host, ownNames)) return;
    await reply.code(421).send({ error: FOREIGN_HOST });
  });
}
