import type { Owner, Owners } from '../../accounts/grant-owners.ts';
import type { Ledger, StepUsage, UsageQuery } from '../../ledger/ledger.ts';
import type { UsageRow } from './answers.ts';
import { csvLine } from '../../../runtime/text/csv.ts';
import { usageRowOf } from './rows.ts';
import { DIMENSIONS, type UsageDimension } from './usage-parameters.ts';

type Column = keyof UsageRow;

/** The columns of a question, in the order of the API's rows. */
function columnsOf(by: ReadonlySet<UsageDimension>): Column[] {
  const asked = DIMENSIONS.filter((dimension) => by.has(dimension));
  const dimensions = asked.flatMap((dimension): Column[] =>
    dimension === 'project' || dimension === 'domain'
      ? [`${dimension}_id`, `${dimension}_name`]
      : [dimension],
  );
  return [...dimensions, 'start', 'amount', 'unit', 'coverage'];
}

/** Without it Excel reads the file in the encoding of the machine, and breaks umlauts. */
const BYTE_ORDER_MARK = '\ufeff';

/** All rows of `query` as CSV, in pieces. Stops early if `gone` is aborted. */
export async function* usageCsv(
  ledger: Pick<Ledger, 'allUsage'>,
  query: UsageQuery,
  { by, ownerOf }: { by: ReadonlySet<UsageDimension>; ownerOf: Owners['ownerOf'] },
  gone: AbortSignal,
  bom = false,
): AsyncGenerator<string> {
  const columns = columnsOf(by);
  let head = (bom ? BYTE_ORDER_MARK : '') + csvLine(columns);
  for await (const rows of ledger.allUsage(query, gone)) {
    const lines = rows.map((usage) => csvLine(cellsOf(usage, ownerOf(usage.grant), columns)));
    yield head + lines.join('');
    head = '';
  }
  if (head !== '') yield head;
}

/** The values of the columns. A flavor is its label. */
function cellsOf(usage: StepUsage, owner: Owner, columns: readonly Column[]): (string | number)[] {
  const row = usageRowOf(usage, owner);
  return columns.map((column) => (column === 'flavor' ? usage.flavor : row[column]) ?? '');
}

/** `usage-2026-01-01-to-2026-02-01-by-day.csv` */
export function csvFileName({ fromMs, toMs, step }: UsageQuery): string {
  const [from, to] = [fromMs, toMs].map((atMs) =>
    new Date(atMs).toISOString().replace(/T00:00:00.000Z|:00.000Z/, ''),
  );
  return `usage-${from}-to-${to}-by-${step}.csv`.replaceAll(':', '');
}
