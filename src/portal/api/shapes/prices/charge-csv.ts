import { eachInSteps } from '../../../../prometheus/steps.ts';
import { csvLine } from '../../../../runtime/text/csv.ts';
import { inTurns } from '../../../../runtime/in-turns.ts';
import { CHARGE_DIMENSIONS, type Bill, type ChargeDimension } from '../../../accounts/charges/bill.ts';
import { chargeRowOf, markedRowOf, unpricedRowOf } from './charge-answers.ts';

/** The columns of each dimension. */
const COLUMNS: Readonly<Record<ChargeDimension, readonly string[]>> = {
  institution: ['institution'],
  account: ['account'],
  grant: ['grant'],
  site: ['site'],
  cloud: ['cloud'],
  project: ['project_id', 'project_name'],
  resource: ['resource'],
  flavor: ['flavor'],
  state: ['state'],
  price: ['resource', 'flavor', 'state', 'price', 'prices_from', 'why'],
};

/** Without it Excel reads the file in the encoding of the machine, and breaks umlauts. */
const BYTE_ORDER_MARK = '\ufeff';

interface CsvQuestion {
  by: ReadonlySet<ChargeDimension>;
  bom: boolean;
}

/** A bill as CSV: a row for each charge, and one for usage that nothing charges. */
export async function chargeCsv(bill: Bill, question: CsvQuestion): Promise<string> {
  return await csvOf([['charge', bill.rows]], bill, question);
}

/** Two bills below each other, in the same columns. Usage that nothing charges is that of the second one. */
export async function whatIfCsv(charged: Bill, whatIf: Bill, question: CsvQuestion): Promise<string> {
  const charges = [
    ['charged', charged.rows],
    ['what if', whatIf.rows],
  ] as const;
  return await csvOf(charges, whatIf, question);
}

async function csvOf(
  charges: readonly (readonly [row: string, rows: Bill['rows']])[],
  { unpriced, marked }: Bill,
  { by, bom }: CsvQuestion,
): Promise<string> {
  const dimensions = CHARGE_DIMENSIONS.filter((dimension) => by.has(dimension));
  const columns = [
    'row',
    ...new Set([
      ...dimensions.flatMap((dimension) => COLUMNS[dimension]),
      ...(unpriced.length + marked.length === 0 ? [] : ['site', 'resource', 'flavor', 'state']),
    ]),
    'start',
    'usage',
    'usage_unit',
    'mark',
    'reason',
    'charge',
    'charge_exact',
    'unit',
    'price_book',
  ];
  const cellsOf = (row: object) =>
    columns.map((column) => (row as Record<string, string | number | null | undefined>)[column] ?? '');
  const lines = [];
  for (const [word, rows] of charges)
    lines.push(await linesOf(rows, (row) => cellsOf({ row: word, ...chargeRowOf(row) })));
  lines.push(
    await linesOf(marked, (row) => cellsOf({ row: 'not charged', ...markedRowOf(row) })),
    await linesOf(unpriced, (row) => cellsOf({ row: 'not priced', ...unpricedRowOf(row) })),
  );
  return `${bom ? BYTE_ORDER_MARK : ''}${csvLine(columns)}${lines.join('')}`;
}

/** The lines of rows. Other work has turns meanwhile. */
async function linesOf<T>(rows: readonly T[], cellsOf: (row: T) => (string | number)[]): Promise<string> {
  let text = '';
  await inTurns(eachInSteps(rows, (row) => void (text += csvLine(cellsOf(row)))));
  return text;
}
