import { textAnswer } from '../shapes/answers.ts';
import type { ApiServer } from '../shapes/api-parts.ts';

/** Tells that the process answers. */
export function healthzRoute(server: ApiServer): void {
  const schema = { summary: 'Whether the process answers', response: { 200: textAnswer('ok') } };
  server.get('/healthz', { schema }, async (_request, reply) => reply.type('text/plain').send('ok\n'));
}
