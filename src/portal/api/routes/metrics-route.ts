import type { ApiParts, ApiServer } from '../shapes/api-parts.ts';

/** The portal's own metrics, for the portal's Prometheus. */
export function metricsRoute(server: ApiServer, { metrics }: ApiParts): void {
  server.get('/metrics', { schema: { hide: true } }, async (_request, reply) =>
    reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  );
}
