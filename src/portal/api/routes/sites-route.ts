import { errorAnswer, pageOf, siteRow } from '../shapes/answers.ts';
import type { ApiParts, ApiServer } from '../shapes/api-parts.ts';
import { goneOf } from './gone.ts';
import { siteRowOf } from '../shapes/rows.ts';
import { parameterTable } from '../shapes/parameters.ts';

export function sitesRoute(server: ApiServer, { ledger }: ApiParts): void {
  server.get(
    '/api/v1/sites',
    {
      schema: {
        summary: 'The sites, with the age of their readings',
        querystring: parameterTable({}),
        response: { 200: pageOf(siteRow), default: errorAnswer },
      },
    },
    async (_request, reply) => ({ data: (await ledger.sites(goneOf(reply))).map(siteRowOf), next: null }),
  );
}
