import { errorAnswer, pageOf, projectRow } from '../shapes/answers.ts';
import type { ApiParts, ApiServer } from '../shapes/api-parts.ts';
import { answersFor } from './answers-for.ts';
import { goneOf } from './gone.ts';
import { cursorParameter, limitParameter, parameterTable, textParameter } from '../shapes/parameters.ts';
import { questionScopeFor } from './scope-for.ts';
import { pageWith, projectRowOf } from '../shapes/rows.ts';

const projectParameters = parameterTable({
  site: textParameter('Only this site'),
  search: textParameter('Part of a name or id, in upper or lower case'),
  limit: limitParameter,
  cursor: cursorParameter,
});

export function projectsRoute(server: ApiServer, parts: ApiParts): void {
  server.get(
    '/api/v1/projects',
    {
      schema: {
        summary: 'The projects that sites have reported, with their present names',
        querystring: projectParameters,
        response: { 200: pageOf(projectRow), default: errorAnswer },
      },
    },
    async (request, reply) => {
      const query = { ...request.query, ...(await questionScopeFor(request, {}, parts)) };
      return pageWith(await answersFor(reply, parts).projects(query, goneOf(reply)), projectRowOf);
    },
  );
}
