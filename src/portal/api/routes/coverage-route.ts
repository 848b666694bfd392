import { errorAnswer, coverageRow, pageOf } from '../shapes/answers.ts';
import type { ApiParts, ApiServer } from '../shapes/api-parts.ts';
import { answersFor } from './answers-for.ts';
import { goneOf } from './gone.ts';
import { questionScopeFor } from './scope-for.ts';
import {
  cursorParameter,
  dimensionsParameter,
  examplesOf,
  hourParameter,
  limitParameter,
  namesParameter,
  parameterTable,
  periodOf,
  stepParameter,
  zoneParameter,
} from '../shapes/parameters.ts';
import { coverageRowOf, pageWith } from '../shapes/rows.ts';
import { RequestError } from '../shapes/request-error.ts';
import { requireGrants } from '../shapes/usage-parameters.ts';

const MS_PER_DAY = 86_400_000;
const LONGEST_DAYS = 366;

const coverageParameters = parameterTable({
  from: hourParameter('Start, included. Default: the start of the month'),
  to: hourParameter('End, not included. Default: the end of the present hour'),
  step: stepParameter('hour', 'The step of a row. Days and longer steps begin at midnight in `tz`'),
  tz: zoneParameter,
  by: dimensionsParameter(
    ['site', 'cloud'],
    'site,cloud',
    'What gets rows of its own: site, cloud, or both with a comma. A row has the worst coverage of its sites and clouds',
  ).meta(examplesOf('site')),
  site: namesParameter('Only this site').meta(examplesOf('site-a')),
  project: namesParameter('Only clouds that have a project with this id').meta(examplesOf('0f6c4a1e')),
  grant: namesParameter('Only clouds that have projects of this grant').meta(examplesOf('climate')),
  limit: limitParameter,
  cursor: cursorParameter,
});

export function coverageRoute(server: ApiServer, parts: ApiParts): void {
  server.get(
    '/api/v1/coverage',
    {
      schema: {
        summary: 'The coverage of each hour, or longer step, of each site',
        querystring: coverageParameters,
        response: { 200: pageOf(coverageRow), default: errorAnswer },
      },
    },
    async (request, reply) => {
      const { from, to, tz, project, grant, ...others } = request.query;
      const period = periodOf({ from, to, tz }, parts.clock.nowMs());
      if (period.toMs - period.fromMs > LONGEST_DAYS * MS_PER_DAY)
        throw new RequestError(`from: is more than ${LONGEST_DAYS} days before to; ask for less at once`);
      const scoped = await questionScopeFor(request, { grant }, parts);
      requireGrants(grant, scoped.grants);
      const query = { ...period, projectId: project, grant, ...scoped, ...others };
      return pageWith(await answersFor(reply, parts).coverage(query, goneOf(reply)), coverageRowOf);
    },
  );
}
