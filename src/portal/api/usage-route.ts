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
        summary: 'Usage in amount × hours, by step, grant, site, project and resource',
        querystring: usageParameters,
        response: { 200: usageAnswer, default: errorAnswer },
      },
    },
    async ({ query: parameters, method }, reply) => {
      const query = usageQuery(parameters, clock.nowMs(), grants());
      if (parameters.format === 'json') return await ledger.usage(query);
      return reply
        .type('text/csv; charset=utf-8; header=present')
        .header('content-disposition', `attachment; filename="${csvFileName(query)}"`)
        .send(method === 'HEAD' ? '' : textOf(usageCsv(ledger, query)));
    },
  );
}

/** A text that is sent as it comes. The route's schema knows it as a string. */
function textOf(pieces: AsyncIterable<string>): string {
  return Readable.from(pieces) as unknown as string;
}
