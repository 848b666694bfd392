import type { FastifyReply } from 'fastify';

/** A signal that is aborted when the client leaves before its answer is complete. */
export function goneOf(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort(new Error('the client left'));
  });
  return gone.signal;
}
