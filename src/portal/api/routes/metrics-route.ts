import type { ApiParts, ApiServer } from '../shapes/api-parts.ts';

/** What the portal says about itself, for a Prometheus of its own. */
export function metricsRoute(server: ApiServer, { metrics }: ApiParts): void {
  server.get('/metrics', { schema: { hide: true } }, async (_request, reply) =>
    reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  );
}
