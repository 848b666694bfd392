import { Readable } from 'node:stream';
import { z } from 'zod';
import { ownersBy } from '../../accounts/grant-owners.ts';
import { errorAnswer, pageOf, usageRow } from '../shapes/answers.ts';
import type { ApiParts, ApiServer } from '../shapes/api-parts.ts';
import { answersFor } from './answers-for.ts';
import { goneOf } from './gone.ts';
import { pageText, usageRowOf } from '../shapes/rows.ts';
import { AnswerMemory } from '../shapes/answer-memory.ts';
import { csvFileName, usageCsv } from '../shapes/usage-csv.ts';
import { questionScopeFor } from './scope-for.ts';
import { usageParameters, usageQuery } from '../shapes/usage-parameters.ts';

const usageAnswer = {
  description: 'The rows, with the keys of `by`; as CSV with format=csv',
  content: { 'application/json': { schema: pageOf(usageRow) }, 'text/csv': { schema: z.string() } },
};

/** A CSV keeps one of few connections to the database, so a client that reads nothing for this long is cut off. */
const STALLED_MS = 120_000;
/** This much of a CSV is buffered for its client. A shorter CSV is read to its end at once, and keeps no connection. */
const AHEAD_BYTES = 16 * 2 ** 20;

export function usageRoute(
  server: ApiServer,
  { stalledMs = STALLED_MS, answerMemory = new AnswerMemory(), ...parts }: ApiParts,
): void {
  const { clock } = parts;
  server.get(
    '/api/v1/usage',
    {
      schema: {
        summary:
          'Usage in amount × hours, by step, institution, account, grant, site, cloud, domain, project, resource, and flavor and state of servers',
        querystring: usageParameters,
        response: { 200: usageAnswer, default: errorAnswer },
      },
    },
    async (request, reply) => {
      const { query: parameters, method } = request;
      const { by } = parameters;
      const { scope, grants: visible } = await questionScopeFor(request, parameters, parts);
      const { grants, ownerOf } = ownersBy(by, visible);
      const query = usageQuery(parameters, clock.nowMs(), { scope, grants });
      const gone = goneOf(reply);
      const answers = answersFor(reply, parts);
      if (parameters.format === 'json')
        return reply
          .type('application/json; charset=utf-8')
          .send(
            await pageText(await answers.usage(query, gone), (usage) =>
              usageRowOf(usage, ownerOf(usage.grant)),
            ),
          );
      const hold = (bytes: number) => answerMemory.hold(reply.raw, bytes);
      const pieces = usageCsv(answers, query, { by, ownerOf }, gone, parameters.bom === 'true');
      const body = method === 'HEAD' ? '' : await textOf(pieces, gone, hold);
      reply.raw.setTimeout(stalledMs, () => reply.raw.destroy());
      return reply
        .type('text/csv; charset=utf-8; header=present')
        .header('content-disposition', `attachment; filename="${csvFileName(query)}"`)
        .send(body);
    },
  );
}

/** Streams a text. Waits for the first piece, so that a refused question still gets a status. */
async function textOf(
  pieces: AsyncGenerator<string>,
  gone: AbortSignal,
  hold: (bytes: number) => void,
): Promise<string> {
  const first = await pieces.next();
  if (gone.aborted) await pieces.return(undefined);
  const text: Readable = Readable.from(
    fromFirst(first, pieces, (piece) => hold(text.readableLength + Buffer.byteLength(piece))),
    { objectMode: false, highWaterMark: AHEAD_BYTES },
  );
  // The route's schema expects a string.
  return text as unknown as string;
}

/** Not a generator: if it ended before its first `next`, it would not end `pieces`, which keep a connection. */
function fromFirst(
  first: IteratorResult<string>,
  pieces: AsyncGenerator<string>,
  comes: (piece: string) => void,
): AsyncIterableIterator<string> {
  let ahead: IteratorResult<string> | undefined = first;
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: async () => {
      const next = ahead ?? (await pieces.next());
      ahead = undefined;
      if (next.done !== true) comes(next.value);
      return next;
    },
    return: async () => await pieces.return(undefined),
  };
}
