import { errorAnswer, pageOf } from '../../shapes/answers.ts';
import type { ApiParts, ApiServer } from '../../shapes/api-parts.ts';
import { parameterTable } from '../../shapes/parameters.ts';
import { markRow, markRowOf } from '../../shapes/prices/mark-answers.ts';
import { scopeFor } from '../scope-for.ts';

/** Marks, for those whose usage they concern. */
export function marksRoute(server: ApiServer, parts: ApiParts): void {
  server.get(
    '/api/v1/marks',
    {
      schema: {
        summary: 'The times whose usage is not charged',
        querystring: parameterTable({}),
        response: { 200: pageOf(markRow), default: errorAnswer },
      },
    },
    async (request) => {
      const { marks } = await parts.accounts.present(scopeFor(request, parts));
      return { data: marks.map(markRowOf), next: null };
    },
  );
}
