import { textAnswer } from '../shapes/answers.ts';
import type { ApiParts, ApiServer } from '../shapes/api-parts.ts';
import { showReplica } from '../../metrics.ts';

/** The portal's own metrics, for the portal's Prometheus. */
export function metricsRoute(server: ApiServer, { metrics, replica }: ApiParts): void {
  const schema = {
    summary: 'The metrics of the portal, for Prometheus',
    response: { 200: textAnswer('The text format of Prometheus') },
  };
  server.get('/metrics', { schema }, async (_request, reply) => {
    if (replica !== undefined) showReplica(metrics, await replica.age());
    return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
}
