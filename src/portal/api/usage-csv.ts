import type { Ledger, UsageQuery, UsageRow } from '../ledger/ledger.ts';
import { csvLine } from './csv.ts';
import { MAX_PAGE } from './parameters.ts';

type Column = keyof UsageRow;

/** The columns that were asked for, in the order of the API's rows. */
function columnsOf({ by }: UsageQuery): Column[] {
  const dimensions: Column[] = [
    ...(by.has('grant') ? (['grant'] as const) : []),
    ...(by.has('site') ? (['site'] as const) : []),
    ...(by.has('cloud') ? (['cloud'] as const) : []),
    ...(by.has('project') ? (['project_id', 'project_name'] as const) : []),
    ...(by.has('resource') ? (['resource'] as const) : []),
  ];
  return [...dimensions, 'start', 'amount', 'unit', 'coverage'];
}

/** All pages of `query` as CSV, a piece a page. */
export async function* usageCsv(ledger: Pick<Ledger, 'usage'>, query: UsageQuery): AsyncGenerator<string> {
  const columns = columnsOf(query);
  let head = csvLine(columns);
  let cursor: string | undefined;
  do {
    const page = await ledger.usage({ ...query, limit: MAX_PAGE, cursor });
    const lines = page.data.map((row) => csvLine(columns.map((column) => row[column] ?? '')));
    yield head + lines.join('');
    head = '';
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
}

/** `usage-2026-01-01-to-2026-02-01-by-day.csv` */
export function csvFileName({ fromMs, toMs, step }: UsageQuery): string {
  const [from, to] = [fromMs, toMs].map((atMs) =>
    new Date(atMs).toISOString().replace(/T00:00:00.000Z|:00.000Z/, ''),
  );
  return `usage-${from}-to-${to}-by-${step}.csv`.replaceAll(':', '');
}
