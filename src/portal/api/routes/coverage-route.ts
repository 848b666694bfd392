import { errorAnswer, coverageRow, pageOf } from '../shapes/answers.ts';
import type { ApiParts, ApiServer } from '../shapes/api-parts.ts';
import { goneOf } from './gone.ts';
import {
  cursorParameter,
  hourParameter,
  limitParameter,
  parameterTable,
  periodOf,
  textParameter,
} from '../shapes/parameters.ts';
import { RequestError } from '../shapes/request-error.ts';

const MS_PER_DAY = 86_400_000;
const LONGEST_DAYS = 366;

const coverageParameters = parameterTable({
  from: hourParameter('Start, included. The start of the month where it is left out'),
  to: hourParameter('End, not included. The end of the present hour where it is left out'),
  site: textParameter('Of this site alone'),
  limit: limitParameter,
  cursor: cursorParameter,
});

export function coverageRoute(server: ApiServer, { ledger, clock }: ApiParts): void {
  server.get(
    '/api/v1/coverage',
    {
      schema: {
        summary: 'How each hour of each site is known',
        querystring: coverageParameters,
        response: { 200: pageOf(coverageRow), default: errorAnswer },
      },
    },
    async ({ query: { from, to, ...others } }, reply) => {
      const { fromMs, toMs } = periodOf(from, to, clock.nowMs());
      if (toMs - fromMs > LONGEST_DAYS * MS_PER_DAY)
        throw new RequestError(`from: is more than ${LONGEST_DAYS} days before to; ask for less at once`);
      return await ledger.coverage({ fromMs, toMs, ...others }, goneOf(reply));
    },
  );
}
