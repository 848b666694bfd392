import type { Readable } from 'node:stream';
import { z } from 'zod';
import { answersFor } from '../routes/answers-for.ts';
import { goneOf, onceOver } from '../routes/gone.ts';
import { questionScopeFor } from '../routes/scope-for.ts';
import { errorAnswer } from '../shapes/answers.ts';
import type { ApiParts, ApiServer } from '../shapes/api-parts.ts';
import { askerOf } from '../shapes/asker-of.ts';
import { ProblemError } from '../shapes/request-error.ts';
import { TooManyStreamsError, type LiveStreams } from './live-streams.ts';
import { isLimited, seenBy } from './seen-by.ts';

const EVENTS_SCHEMA = {
  summary:
    'Server-sent events: `readings` when a site that one sees has new readings. Ends after a minute; browsers open it again',
  response: {
    200: {
      description: 'Events without names or numbers: ask again for what you show',
      content: { 'text/event-stream': { schema: z.unknown().meta({ type: 'string' }) } },
    },
    default: errorAnswer,
  },
};

/** `GET /api/v1/events`: tells pages of new readings, without names or numbers. */
export function eventsRoute(server: ApiServer, { live, ...parts }: ApiParts & { live: LiveStreams }): void {
  server.get(
    '/api/v1/events',
    { compress: false, exposeHeadRoute: false, schema: EVENTS_SCHEMA },
    async (request, reply) => {
      const question = await questionScopeFor(request, {}, parts);
      const sites = isLimited(question) ? await answersFor(reply, parts).sites(question, goneOf(reply)) : [];
      const { person, who } = askerOf(request);
      const sees = seenBy(question, sites, parts.clock.nowMs());
      const stream = openStream(live, parts.signIn && (person ?? who), sees);
      onceOver(reply, () => stream.destroy());
      // nginx would keep events until its buffer is full, and a portal that ends would wait for the connection.
      reply.headers({ 'x-accel-buffering': 'no', connection: 'close' });
      return reply.type('text/event-stream').send(stream);
    },
  );
}

function openStream(live: LiveStreams, ...asked: Parameters<LiveStreams['open']>): Readable {
  try {
    return live.open(...asked);
  } catch (error) {
    if (error instanceof TooManyStreamsError) throw new ProblemError(429, 'Too many streams', error.message);
    throw error;
  }
}
