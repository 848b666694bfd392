import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { ProtobufError } from '../../../prometheus/remote/protobuf-reader.ts';
import { SnappyError } from '../../../prometheus/remote/snappy.ts';
import type { Receiver } from '../../remote-write/receiver.ts';
import { OversizedRequestError } from '../../remote-write/sorting.ts';
import { WRITE_LIMITS } from '../../remote-write/write-limits.ts';
import type { SenderConfig } from '../../settings/sender-settings.ts';
import { errorAnswer } from '../shapes/answers.ts';
import type { ApiParts, ApiServer } from '../shapes/api-parts.ts';

const RETRY_AFTER_SECONDS = 5;

const WRITE_SCHEMA = {
  summary: 'Takes the samples of a Prometheus (remote write 1.0), for the senders of portal.toml',
  security: [{ sender: [] }, { sender_password: [] }],
  consumes: ['application/x-protobuf'],
  body: z.unknown().meta({ description: 'A prometheus.WriteRequest, compressed as snappy' }),
  response: { 204: z.null().meta({ description: 'All samples are stored' }), default: errorAnswer },
};

/**
 * Prometheus remote write 1.0. Answers 204 when all samples are stored, 4xx for a request that will never be accepted (the
 * sender drops it and logs that), and 503 for a request that may be sent again.
 * Source: https://prometheus.io/docs/specs/prw/remote_write_spec/
 */
export function writeRoute(server: ApiServer, { receiver, metrics }: ApiParts): void {
  if (receiver === undefined) return;
  const options = { parseAs: 'buffer' as const, bodyLimit: WRITE_LIMITS.maxBodyBytes };
  server.addContentTypeParser('application/x-protobuf', options, (_request, body, done) => done(null, body));
  const senders = new WeakMap<FastifyRequest, SenderConfig>();
  server.route({
    method: 'POST',
    url: '/api/v1/write',
    schema: WRITE_SCHEMA,
    onRequest: async (request, reply) => {
      const sender = receiver.senderOf(request.headers.authorization);
      if (sender !== undefined) {
        senders.set(request, sender);
        const giveBack = receiver.takeRoom(sender, bodyBytes(request));
        if (giveBack !== undefined) return void reply.raw.once('close', giveBack);
        metrics.writeRequests.inc({ sender: sender.name, status: 503 });
        return await say(reply.header('retry-after', RETRY_AFTER_SECONDS), 503, 'too many requests at once');
      }
      metrics.writeRequests.inc({ sender: '', status: 401 });
      return await say(
        reply.header('www-authenticate', 'Bearer, Basic realm="stackmeter"'),
        401,
        'no sender has this token',
      );
    },
    handler: async (request, reply) => {
      const sender = senders.get(request);
      if (sender === undefined) throw new Error('a request without a sender passed the check');
      const [status, said] = wrongForm(request) ?? (await take(receiver, sender, request));
      metrics.writeRequests.inc({ sender: sender.name, status });
      if (status === 503) reply.header('retry-after', RETRY_AFTER_SECONDS);
      return await say(reply, status, said);
    },
  });
}

/** The length of a body. Without a stated length, the largest allowed one. */
function bodyBytes({ headers }: FastifyRequest): number {
  const stated = Number(headers['content-length']);
  return stated >= 0 ? Math.min(stated, WRITE_LIMITS.maxBodyBytes) : WRITE_LIMITS.maxBodyBytes;
}

type Answer = [status: number, said: string];

async function say(reply: FastifyReply, status: number, said: string): Promise<FastifyReply> {
  return status === 204 ? await reply.code(204).send() : await reply.code(status).send({ error: said });
}

function wrongForm({ headers }: FastifyRequest): Answer | undefined {
  const type = headers['content-type'] ?? '';
  if (!type.startsWith('application/x-protobuf') || /proto=(?!prometheus\.WriteRequest)/.test(type))
    return [415, 'only remote write 1.0 is supported: set protobuf_message to prometheus.WriteRequest'];
  if (headers['content-encoding'] !== 'snappy') return [415, 'the body must be compressed as snappy'];
  return undefined;
}

async function take(receiver: Receiver, sender: SenderConfig, request: FastifyRequest): Promise<Answer> {
  try {
    const { denied, deniedSite } = await receiver.accept(sender, request.body as Buffer);
    return denied === 0
      ? [204, '']
      : [
          400,
          `${denied} samples are of '${deniedSite?.slice(0, 100)}', which ${sender.name} may not write to; the others are stored`,
        ];
  } catch (error) {
    if (error instanceof SnappyError || error instanceof ProtobufError)
      return [400, `this is not a remote write request: ${error.message}`];
    if (error instanceof OversizedRequestError) return [400, `${error.message}; send less at a time`];
    return [503, 'the request could not be stored; try again'];
  }
}
