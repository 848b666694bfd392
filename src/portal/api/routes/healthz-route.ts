import type { ApiServer } from '../shapes/api-parts.ts';

/** Tells that the process answers. */
export function healthzRoute(server: ApiServer): void {
  server.get('/healthz', { schema: { hide: true } }, async (_request, reply) =>
    reply.type('text/plain').send('ok\n'),
  );
}
