import { errorAnswer, coverageRow, pageOf } from '../shapes/answers.ts';
import type { ApiParts, ApiServer } from '../shapes/api-parts.ts';
import { goneOf } from './gone.ts';
import {
  cursorParameter,
  dimensionsParameter,
  hourParameter,
  limitParameter,
  parameterTable,
  periodOf,
  stepParameter,
  textParameter,
} from '../shapes/parameters.ts';
import { coverageRowOf, pageWith } from '../shapes/rows.ts';
import { RequestError } from '../shapes/request-error.ts';
import { requireGrant } from '../shapes/usage-parameters.ts';

const MS_PER_DAY = 86_400_000;
const LONGEST_DAYS = 366;

const coverageParameters = parameterTable({
  from: hourParameter('Start, included. The start of the month where it is left out'),
  to: hourParameter('End, not included. The end of the present hour where it is left out'),
  step: stepParameter('hour', 'A row is how a step is known; days and months are those of UTC'),
  by: dimensionsParameter(
    ['site', 'cloud'],
    'site,cloud',
    'What is told apart: some of site and cloud, with a comma between them. A row is the worst of what it is about',
  ),
  site: textParameter('Of this site alone'),
  project: textParameter('Of the clouds that have a project with this id alone'),
  grant: textParameter('Of the clouds that have projects of this grant alone'),
  limit: limitParameter,
  cursor: cursorParameter,
});

export function coverageRoute(server: ApiServer, { ledger, clock, grants = () => [] }: ApiParts): void {
  server.get(
    '/api/v1/coverage',
    {
      schema: {
        summary: 'How each hour of each site is known, or each longer step',
        querystring: coverageParameters,
        response: { 200: pageOf(coverageRow), default: errorAnswer },
      },
    },
    async ({ query: { from, to, project, grant, ...others } }, reply) => {
      const { fromMs, toMs } = periodOf(from, to, clock.nowMs());
      if (toMs - fromMs > LONGEST_DAYS * MS_PER_DAY)
        throw new RequestError(`from: is more than ${LONGEST_DAYS} days before to; ask for less at once`);
      requireGrant(grant, grants());
      const links = grant === undefined ? {} : { grant, grants: grants() };
      const query = { fromMs, toMs, projectId: project, ...links, ...others };
      return pageWith(await ledger.coverage(query, goneOf(reply)), coverageRowOf);
    },
  );
}
