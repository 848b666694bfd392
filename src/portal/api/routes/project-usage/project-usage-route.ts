import { MS_PER_HOUR } from '../../../../prometheus/usage-metrics.ts';
import { errorAnswer, projectUsageAnswer, type ProjectUsageAnswer } from '../../shapes/answers.ts';
import type { ApiParts, ApiServer } from '../../shapes/api-parts.ts';
import {
  hourParameter,
  limitUpTo,
  namesParameter,
  parameterTable,
  periodOf,
  textParameter,
  upTo,
  zoneParameter,
} from '../../shapes/parameters.ts';
import { isoOf } from '../../shapes/rows.ts';
import { answersWith, tellReplicaAge } from '../answers-for.ts';
import { goneOf } from '../gone.ts';
import { questionScopeFor } from '../scope-for.ts';
import type { ProjectUsageQuery } from '../../../ledger/ledger.ts';
import { askTable, keyOf } from './ask-table.ts';
import type { ProjectLine, ResourceSum } from './project-lines.ts';
import { SORT_BY_NAME, type ProjectTable, type TablePart } from './project-table.ts';
import { RecentAnswers } from './recent-answers.ts';

const MOST_ROWS = 1_000;
const OLDEST_SECONDS = 60;

const parameters = parameterTable({
  from: hourParameter('Start, included. Default: the start of the month'),
  to: hourParameter('End, not included. Default: the end of the present hour'),
  tz: zoneParameter,
  site: namesParameter('Only this site'),
  search: textParameter('Words: only projects with each of them in name, id, domain or site'),
  sort: textParameter('A resource, whose largest usage comes first, or `name`. Default: name'),
  offset: upTo(9_999_999, 'How many rows to leave out at the beginning. Default: 0'),
  limit: limitUpTo(MOST_ROWS),
  max_age: upTo(
    OLDEST_SECONDS,
    'How many seconds the sums may be old: the portal keeps them for the next questions. Default: 0, sums them now',
  ),
});

/** A table with the age of the read replica, if it answered. */
interface AgedTable {
  table: ProjectTable;
  replicaAge: number | undefined;
}

/** About 60 MB. */
const MOST_LINES = 100_000;

export function projectUsageRoute(server: ApiServer, parts: ApiParts): void {
  const limits = { keptMs: OLDEST_SECONDS * 1000, size: MOST_LINES };
  const tables = new RecentAnswers<AgedTable>(parts.clock, {
    ...limits,
    sizeOf: ({ table }) => table.size,
  });
  server.get(
    '/api/v1/usage/projects',
    {
      schema: {
        summary: 'A row for each project with its usage by resource, searched, sorted and cut',
        querystring: parameters,
        response: { 200: projectUsageAnswer, default: errorAnswer },
      },
    },
    async (request, reply) => {
      const { from, to, tz, site, sort = SORT_BY_NAME, max_age, ...part } = request.query;
      const { fromMs, toMs } = periodOf({ from, to, tz }, parts.clock.nowMs());
      const query = { fromMs, toMs, site, ...(await questionScopeFor(request, {}, parts)) };
      const make = async (gone: AbortSignal) => await agedTable(parts, query, gone);
      const { answer, askedAtMs } = await tables.take(keyOf(query), max_age * 1000, make, goneOf(reply));
      const { table, replicaAge } = answer;
      if (replicaAge !== undefined) tellReplicaAge(reply, replicaAge);
      return await answerOf(table, { ...part, sort }, askedAtMs - (replicaAge ?? 0) * 1000);
    },
  );
}

/** The answer for a part of a table of sums of this instant. */
export async function answerOf(
  table: ProjectTable,
  part: TablePart,
  asOfMs: number,
): Promise<ProjectUsageAnswer> {
  const { found, lines } = await table.part(part);
  return { data: lines.map(rowOf), found, resources: table.sums.map(sumOf), as_of: isoOf(asOfMs) };
}

async function agedTable(parts: ApiParts, query: ProjectUsageQuery, gone: AbortSignal): Promise<AgedTable> {
  let replicaAge: number | undefined;
  const answers = answersWith(parts, (seconds) => (replicaAge = seconds));
  return { table: await askTable(answers, query, gone), replicaAge };
}

function rowOf(line: ProjectLine): ProjectUsageAnswer['data'][number] {
  const { site, projectId, projectName, domainId, domainName, amounts, coverage } = line;
  return {
    site,
    project_id: projectId,
    project_name: projectName,
    domain_id: domainId,
    domain_name: domainName,
    amounts: Object.fromEntries([...amounts].map(([resource, ms]) => [resource, hoursOf(ms)])),
    coverage: coverage ?? null,
  };
}

function sumOf({
  resource,
  unit,
  amountMs,
  largestMs,
  coverage,
}: ResourceSum): ProjectUsageAnswer['resources'][number] {
  return { resource, unit, amount: hoursOf(amountMs), largest: hoursOf(largestMs), coverage };
}

function hoursOf(amountMs: bigint): number {
  return Number(amountMs) / MS_PER_HOUR;
}
