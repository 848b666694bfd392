import { Readable } from 'node:stream';
import { z } from 'zod';
import { errorAnswer, pageOf, usageRow } from '../shapes/answers.ts';
import type { ApiParts, ApiServer } from '../shapes/api-parts.ts';
import { goneOf } from './gone.ts';
import { pageWith, usageRowOf } from '../shapes/rows.ts';
import { Untaken } from '../shapes/untaken.ts';
import { csvFileName, usageCsv } from '../shapes/usage-csv.ts';
import { usageParameters, usageQuery } from '../shapes/usage-parameters.ts';

const usageAnswer = {
  description: 'The rows, with those of the keys that were asked for; as CSV with format=csv',
  content: { 'application/json': { schema: pageOf(usageRow) }, 'text/csv': { schema: z.string() } },
};

/** A CSV holds a connection to the database, of few: not for a client that takes nothing any more. */
const STALLED_MS = 120_000;
/** A CSV is read so far ahead of its client: shorter ones are read to their end at once, and hold no connection then. */
const AHEAD_BYTES = 16 * 2 ** 20;

export function usageRoute(
  server: ApiServer,
  { ledger, clock, grants = () => [], stalledMs = STALLED_MS, untaken = new Untaken() }: ApiParts,
): void {
  server.get(
    '/api/v1/usage',
    {
      schema: {
        summary: 'Usage in amount × hours, by step, grant, site, cloud, project and resource',
        querystring: usageParameters,
        response: { 200: usageAnswer, default: errorAnswer },
      },
    },
    async ({ query: parameters, method }, reply) => {
      const query = usageQuery(parameters, clock.nowMs(), grants());
      const gone = goneOf(reply);
      if (parameters.format === 'json') return pageWith(await ledger.usage(query, gone), usageRowOf);
      const hold = (bytes: number) => untaken.hold(reply.raw, bytes);
      const pieces = usageCsv(ledger, query, gone, parameters.bom === 'true');
      const body = method === 'HEAD' ? '' : await textOf(pieces, gone, hold);
      reply.raw.setTimeout(stalledMs, () => reply.raw.destroy());
      return reply
        .type('text/csv; charset=utf-8; header=present')
        .header('content-disposition', `attachment; filename="${csvFileName(query)}"`)
        .send(body);
    },
  );
}

/** A text that is sent as it comes, once its first piece is there: what is refused is refused by a status. */
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
  // The route's schema knows it as a string.
  return text as unknown as string;
}

/** No generator: one that is ended before its first piece is asked for would not end `pieces`, which hold a connection. */
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
