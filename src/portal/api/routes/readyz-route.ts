import type { ApiParts, ApiServer } from '../shapes/api-parts.ts';

/**
 * Tells that the ledger answers. Sites do not matter here: a site that hangs must not take the portal, which can still
 * answer from its ledger, out of service. Neither do nodes of the database that are down, as long as others answer: the
 * answer names their sites.
 */
export function readyzRoute(server: ApiServer, { ledger }: ApiParts): void {
  server.get('/readyz', { schema: { hide: true } }, async (request, reply) => {
    try {
      await ledger.ping();
    } catch (error) {
      request.log.warn({ err: error }, 'the database does not answer');
      return reply.code(503).send({ error: 'the database does not answer' });
    }
    const unavailable = ledger.unavailableSites();
    const except =
      unavailable.length === 0
        ? ''
        : `, but the database node of these sites is down: ${unavailable.join(', ')}`;
    return reply.type('text/plain').send(`ready${except}\n`);
  });
}
