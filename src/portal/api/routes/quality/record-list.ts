import { z } from 'zod';
import { csvLine } from '../../../../runtime/text/csv.ts';
import type { Answers } from '../../../ledger/answers.ts';
import { MAX_PAGE, type MeterRecordQuery, type Page } from '../../../ledger/ledger.ts';
import { RefusedQuestionError } from '../../../ledger/question-errors.ts';
import { errorAnswer, pageOf } from '../../shapes/answers.ts';
import type { ApiParts, ApiServer } from '../../shapes/api-parts.ts';
import { periodOf } from '../../shapes/parameters.ts';
import type { meterRecordParameters, siteRecordParameters } from '../../shapes/quality/parameters.ts';
import { pageText } from '../../shapes/rows.ts';
import { answersFor } from '../answers-for.ts';
import { goneOf } from '../gone.ts';
import { questionScopeFor } from '../scope-for.ts';

/** A list of what the ledger notes beside usage, at `/api/v1/NAME`. */
export interface RecordList<T, Row extends object> {
  name: string;
  summary: string;
  parameters: typeof siteRecordParameters | typeof meterRecordParameters;
  row: z.ZodObject;
  rowOf: (value: T) => Row;
  ask: (answers: Answers, query: MeterRecordQuery, gone: AbortSignal) => Promise<Page<T>>;
}

type Parameters = z.output<typeof siteRecordParameters> & Partial<z.output<typeof meterRecordParameters>>;

export function serveList<T, Row extends object>(
  server: ApiServer,
  parts: ApiParts,
  { name, summary, parameters, row, rowOf, ask }: RecordList<T, Row>,
): void {
  const answer = {
    description: 'The rows; as CSV with format=csv',
    content: { 'application/json': { schema: pageOf(row) }, 'text/csv': { schema: z.string() } },
  };
  server.get(
    `/api/v1/${name}`,
    { schema: { summary, querystring: parameters, response: { 200: answer, default: errorAnswer } } },
    async (request, reply) => {
      const { from, to, site, project, resource, format, limit, cursor } = request.query as Parameters;
      const { fromMs, toMs } = periodOf({ from, to }, parts.clock.nowMs());
      const scoped = await questionScopeFor(request, {}, parts);
      const query = { ...scoped, fromMs, toMs, site, projectId: project, resource, limit, cursor };
      const answers = answersFor(reply, parts);
      const gone = goneOf(reply);
      if (format === 'json')
        return reply
          .type('application/json; charset=utf-8')
          .send(await pageText(await ask(answers, query, gone), rowOf));
      const records = await everyRecord((page) => ask(answers, { ...query, ...page }, gone));
      return reply
        .type('text/csv; charset=utf-8; header=present')
        .header('content-disposition', `attachment; filename="${name}.csv"`)
        .send(csvOf(Object.keys(row.shape), records.map(rowOf)));
    },
  );
}

const MOST_IN_CSV = 10 * MAX_PAGE;

/** All records of a question. Throws `RefusedQuestionError` if there are too many for one answer. */
async function everyRecord<T>(
  ask: (page: { limit: number; cursor: string | undefined }) => Promise<Page<T>>,
): Promise<T[]> {
  const records: T[] = [];
  let cursor: string | undefined;
  do {
    const { data, next } = await ask({ limit: MAX_PAGE, cursor });
    for (const record of data) records.push(record);
    if (records.length >= MOST_IN_CSV && next !== null)
      throw new RefusedQuestionError(
        'costly',
        `a CSV of this list may have ${MOST_IN_CSV} rows: ask for a shorter time, or for one site or project`,
      );
    cursor = next ?? undefined;
  } while (cursor !== undefined);
  return records;
}

function csvOf(columns: readonly string[], rows: readonly object[]): string {
  const lines = rows.map((row) => csvLine(columns.map((column) => cellOf(Reflect.get(row, column)))));
  return csvLine(columns) + lines.join('');
}

/** A flavor is its label. */
function cellOf(value: unknown): string | number {
  if (typeof value === 'number' || typeof value === 'string') return value;
  return value === null || value === undefined ? '' : (value as { label: string }).label;
}
