import { textAnswer } from '../shapes/answers.ts';
import type { ApiParts, ApiServer } from '../shapes/api-parts.ts';

/**
 * Tells that the ledger answers, and nothing else: anyone may ask. Sites do not matter here: a site that hangs must not take
 * the portal, which can still answer from its ledger, out of service. Neither do nodes of the database that are down, as long
 * as others answer: /api/v1/sites names their sites.
 */
export function readyzRoute(server: ApiServer, { ledger }: ApiParts): void {
  const schema = {
    summary: 'Whether the database answers',
    response: { 200: textAnswer('ready'), 503: textAnswer('not ready') },
  };
  server.get('/readyz', { schema }, async (request, reply) => {
    const ready = await ledger.ping().then(
      () => true,
      (error: unknown) => {
        request.log.warn({ err: error }, 'the database does not answer');
        return false;
      },
    );
    return reply
      .code(ready ? 200 : 503)
      .type('text/plain')
      .send(ready ? 'ready\n' : 'not ready\n');
  });
}
