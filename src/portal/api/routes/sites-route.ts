import { errorAnswer, pageOf, siteRow } from '../shapes/answers.ts';
import type { ApiParts, ApiServer } from '../shapes/api-parts.ts';
import { answersFor } from './answers-for.ts';
import { goneOf } from './gone.ts';
import { questionScopeFor } from './scope-for.ts';
import { siteRowOf } from '../shapes/rows.ts';
import { parameterTable } from '../shapes/parameters.ts';

export function sitesRoute(server: ApiServer, parts: ApiParts): void {
  server.get(
    '/api/v1/sites',
    {
      schema: {
        summary: 'The sites, with the age of their readings',
        querystring: parameterTable({}),
        response: { 200: pageOf(siteRow), default: errorAnswer },
      },
    },
    async (request, reply) => {
      const question = await questionScopeFor(request, {}, parts);
      const sites = await answersFor(reply, parts).sites(question, goneOf(reply));
      return { data: sites.map(siteRowOf), next: null };
    },
  );
}
