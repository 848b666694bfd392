import { z } from 'zod';
import { errorAnswer, pageOf, projectRow } from '../shapes/answers.ts';
import type { ApiParts, ApiServer } from '../shapes/api-parts.ts';
import { answersFor } from './answers-for.ts';
import { goneOf } from './gone.ts';
import {
  cursorParameter,
  examplesOf,
  limitParameter,
  namesParameter,
  parameterTable,
  textParameter,
} from '../shapes/parameters.ts';
import { questionScopeFor } from './scope-for.ts';
import { requireGrants } from '../shapes/usage-parameters.ts';
import { pageWith, projectRowOf } from '../shapes/rows.ts';

const yesOrNo = z
  .enum(['true', 'false'], { error: 'must be true or false' })
  .default('false')
  .transform((text) => text === 'true');

const projectParameters = parameterTable({
  site: textParameter('Only this site').meta(examplesOf('site-a')),
  grant: namesParameter('Only projects that this grant has at some time').meta(examplesOf('climate')),
  search: textParameter('Part of a name or id, in upper or lower case').meta(examplesOf('climate')),
  history: yesOrNo.meta({ description: '`true` adds all names of each project over time' }),
  renamed: yesOrNo.meta({
    description: '`true`: only projects that had other names before, at sites that you see as a whole',
  }),
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
      const scoped = await questionScopeFor(request, request.query, parts);
      requireGrants(request.query.grant, scoped.grants);
      const query = { ...request.query, ...scoped };
      return pageWith(await answersFor(reply, parts).projects(query, goneOf(reply)), projectRowOf);
    },
  );
}
