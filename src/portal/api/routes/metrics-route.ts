import type { ApiParts, ApiServer } from '../shapes/api-parts.ts';
import { showReplica } from '../../metrics.ts';

/** The portal's own metrics, for the portal's Prometheus. */
export function metricsRoute(server: ApiServer, { metrics, replica }: ApiParts): void {
  server.get('/metrics', { schema: { hide: true } }, async (_request, reply) => {
    if (replica !== undefined) showReplica(metrics, await replica.age());
    return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
}
