import { Readable } from 'node:stream';
import { z } from 'zod';
import { errorAnswer, pageOf, usageRow } from './answers.ts';
import type { ApiParts, ApiServer } from './api-parts.ts';
import { csvFileName, usageCsv } from './usage-csv.ts';
import { usageParameters, usageQuery } from './usage-parameters.ts';

const usageAnswer = {
  description: 'The rows, with those of the keys that were asked for; as CSV with format=csv',
  content: { 'application/json': { schema: pageOf(usageRow) }, 'text/csv': { schema: z.string() } },
};

export function usageRoute(server: ApiServer, { ledger, clock, grants = () => [] }: ApiParts): void {
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
      if (parameters.format === 'json') return await ledger.usage(query);
      const body = method === 'HEAD' ? '' : await textOf(usageCsv(ledger, query));
      return reply
        .type('text/csv; charset=utf-8; header=present')
        .header('content-disposition', `attachment; filename="${csvFileName(query)}"`)
        .send(body);
    },
  );
}

/** A text that is sent as it comes, once its first piece is there: what is refused is refused by a status. */
async function textOf(pieces: AsyncGenerator<string>): Promise<string> {
  const first = await pieces.next();
  // The route's schema knows it as a string.
  return Readable.from(withFirst(first.done === true ? '' : first.value, pieces)) as unknown as string;
}

async function* withFirst(first: string, others: AsyncIterable<string>): AsyncGenerator<string> {
  yield first;
  yield* others;
}
