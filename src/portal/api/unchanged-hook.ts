import { hash } from 'node:crypto';
import { isQuestion } from './question-turns-hook.ts';
import type { ApiServer } from './shapes/api-parts.ts';
import { answerEtag, isUnchanged } from './shapes/etag.ts';

const KEPT = { 'cache-control': 'private, no-cache', vary: 'accept-encoding, authorization, cookie' };

/**
 * Gives each answer to a question an ETag, and answers 304 if the client has the answer already. The ETag is made from the
 * answer, so it tells of nothing outside of the scope (P2). A route that sets an ETag of its own keeps it.
 */
export function answerUnchanged(server: ApiServer): void {
  server.addHook('onSend', async (request, reply, body) => {
    // A CSV is a stream: it is sent before its end is known.
    if (typeof body !== 'string' || reply.statusCode !== 200 || reply.hasHeader('etag')) return body;
    if (!isQuestion(request) || request.method === 'POST') return body;
    const etag = answerEtag(hash('sha256', body, 'base64url'));
    reply.headers({ ...KEPT, etag });
    if (request.method !== 'GET' || !isUnchanged(request, etag)) return body;
    reply.code(304).removeHeader('content-type');
    return null;
  });
}
