import type { FastifyReply } from 'fastify';

/** Calls `over` once the answer is complete or its client has left, also if the client left before this call. */
export function onceOver({ raw }: FastifyReply, over: () => void): void {
  if (raw.closed) over();
  else raw.once('close', over);
}

/** A signal that is aborted when the client leaves before its answer is complete. */
export function goneOf(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  onceOver(reply, () => {
    if (!reply.raw.writableFinished) gone.abort(new Error('the client left'));
  });
  return gone.signal;
}
