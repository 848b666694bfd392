import type { ApiParts, ApiServer } from '../shapes/api-parts.ts';

/**
 * Tells that the ledger answers. Sites do not matter here: a site that hangs must not take the portal, which can still
 * answer from its ledger, out of service.
 */
export function readyzRoute(server: ApiServer, { ledger }: ApiParts): void {
  server.get('/readyz', { schema: { hide: true } }, async (request, reply) => {
    try {
      await ledger.ping();
    } catch (error) {
      request.log.warn({ err: error }, 'the database does not answer');
      return reply.code(503).send({ error: 'the database does not answer' });
    }
    return reply.type('text/plain').send('ready\n');
  });
}
