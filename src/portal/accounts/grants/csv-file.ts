import { csvLine, CsvError, csvRecords } from '../../../runtime/text/csv.ts';
import { unknownKeyMessage } from '../../../runtime/settings/strict-table.ts';
import { UserError } from '../../../runtime/user-error.ts';
import { grantsFile, type GrantDocument, type GrantPart, type GrantsFile } from './documents.ts';

const GRANT_COLUMNS = ['title', 'account', 'from', 'to'] as const;
const PROJECT_COLUMNS = {
  site: 'site',
  id: 'id',
  cloud: 'cloud',
  project_from: 'from',
  project_to: 'to',
} as const;
const ALLOWANCE_COLUMNS = ['resource', 'amount', 'kind', 'at', 'reason', 'price_book'] as const;
const COLUMNS: readonly string[] = [
  'grant',
  ...GRANT_COLUMNS,
  ...Object.keys(PROJECT_COLUMNS),
  ...ALLOWANCE_COLUMNS,
];

type Table = Record<string, string>;

/** The rows of one grant, and the lines where its parts stand. */
interface GrantRows {
  table: Table & { name: string };
  projects: Table[];
  allowances: Table[];
  lines: { grant: number; projects: number[]; allowances: number[] };
}

/**
 * Reads a CSV as documents. A row names a grant, and may have a project, an allowance, or both. `keep` lists the parts of a
 * grant that the columns cannot say. Throws a `UserError` that names the line.
 */
export function documentsOfCsv(text: string, where: string): { file: GrantsFile; keep: GrantPart[] } {
  try {
    const [head, ...records] = csvRecords(text);
    const columns = head?.cells.map((cell) => cell.trim()) ?? [];
    checkHead(columns);
    const grants = new Map<string, GrantRows>();
    for (const { line, cells } of records) addRow(grants, rowOf(columns, cells, line), line);
    return { file: parsed([...grants.values()]), keep: keptParts(columns) };
  } catch (error) {
    if (error instanceof CsvError)
      throw new UserError(`${where}:${error.line}: ${error.message}`, { cause: error });
    throw error;
  }
}

function checkHead(columns: readonly string[]): void {
  const unknown = columns.find((column) => !COLUMNS.includes(column));
  if (unknown !== undefined)
    throw new CsvError(
      1,
      unknownKeyMessage(unknown, COLUMNS)
        .replace('unknown key', 'unknown column')
        .replace('known keys', 'known columns'),
    );
  const twice = columns.find((column, index) => columns.indexOf(column) < index);
  if (twice !== undefined) throw new CsvError(1, `the column '${twice}' is there twice; remove one`);
  if (!columns.includes('grant'))
    throw new CsvError(1, "there is no column 'grant'; the first line names the columns");
}

function rowOf(columns: readonly string[], cells: readonly string[], line: number): Table {
  if (cells.length !== columns.length)
    throw new CsvError(line, `has ${cells.length} cells, and the first line has ${columns.length} columns`);
  const filled = columns.map((column, index) => [column, withoutGuard(cells[index] ?? '').trim()]);
  return Object.fromEntries(filled.filter(([, value]) => value !== '')) as Table;
}

function addRow(grants: Map<string, GrantRows>, row: Table, line: number): void {
  const name = row['grant'];
  if (name === undefined) throw new CsvError(line, 'grant: is empty; each row names its grant');
  const empty = {
    table: { name },
    projects: [],
    allowances: [],
    lines: { grant: line, projects: [], allowances: [] },
  };
  const rows: GrantRows = grants.get(name) ?? empty;
  grants.set(name, rows);
  for (const column of GRANT_COLUMNS) {
    const [before, now] = [rows.table[column], row[column]];
    if (now !== undefined && before !== undefined && before !== now)
      throw new CsvError(
        line,
        `${column}: is '${now}', and an earlier row of grant '${name}' says '${before}'`,
      );
    if (now !== undefined) rows.table[column] = now;
  }
  addPart(rows.projects, rows.lines.projects, Object.entries(PROJECT_COLUMNS), row, line);
  addPart(
    rows.allowances,
    rows.lines.allowances,
    ALLOWANCE_COLUMNS.map((column) => [column, column]),
    row,
    line,
  );
}

function addPart(
  parts: Table[],
  lines: number[],
  columns: readonly (readonly [string, string])[],
  row: Table,
  line: number,
): void {
  const part = columns.flatMap(([column, key]) => (row[column] === undefined ? [] : [[key, row[column]]]));
  if (part.length === 0) return;
  parts.push(Object.fromEntries(part) as Table);
  lines.push(line);
}

function parsed(rows: readonly GrantRows[]): GrantsFile {
  const grant = rows.map(({ table, projects, allowances }) => ({ ...table, projects, allowances }));
  const result = grantsFile.safeParse({ grant });
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const [, index, list, item, key] = issue?.path ?? [];
  const {
    grant: first,
    projects,
    allowances,
  } = rows[Number(index)]?.lines ?? { grant: 1, projects: [], allowances: [] };
  const line =
    (list === 'projects' ? projects : list === 'allowances' ? allowances : [])[Number(item)] ?? first;
  const column = columnOf(list, key);
  throw new CsvError(line, `${column === undefined ? '' : `${column}: `}${issue?.message ?? 'invalid'}`);
}

function columnOf(list: PropertyKey | undefined, key: PropertyKey | undefined): string | undefined {
  if (list === 'projects') return Object.entries(PROJECT_COLUMNS).find(([, name]) => name === key)?.[0];
  const column = list === 'allowances' ? key : list;
  return column === 'name' ? 'grant' : column === undefined ? undefined : String(column);
}

/** A part without a column stays as it is. */
function keptParts(columns: readonly string[]): GrantPart[] {
  const parts: [GrantPart, string][] = [
    ...GRANT_COLUMNS.map((column): [GrantPart, string] => [column, column]),
    ['projects', 'site'],
    ['allowances', 'resource'],
  ];
  return [
    ...parts.filter(([, column]) => !columns.includes(column)).map(([part]) => part),
    'people',
    'labels',
  ];
}

/** Writes the grants as CSV. People, accounts and labels have no columns. */
export function csvOf({ grant }: GrantsFile): string {
  return [COLUMNS, ...grant.flatMap(rowsOf)].map((cells) => csvLine(cells.map(guarded))).join('');
}

function rowsOf(grant: GrantDocument): string[][] {
  const { name, title = '', account = '', from = '', to = '', projects, allowances } = grant;
  const first = [name, title, account, from, to];
  const noProject = Object.keys(PROJECT_COLUMNS).map(() => '');
  const noAllowance = ALLOWANCE_COLUMNS.map(() => '');
  const rows = [
    ...projects.map(({ site, id, cloud = '', from: start = '', to: end = '' }) => [
      site,
      id,
      cloud,
      start,
      end,
      ...noAllowance,
    ]),
    ...allowances.map((one) => [...noProject, ...ALLOWANCE_COLUMNS.map((column) => one[column] ?? '')]),
  ];
  return (rows.length === 0 ? [[...noProject, ...noAllowance]] : rows).map((row) => [...first, ...row]);
}

/** A text that begins like a formula travels with an apostrophe before it (`csvLine`), so one that has it gets another. */
const GUARDED = /^'+\s*[=+\-@\uff1d\uff0b\uff0d\uff20\t\r]/;

function guarded(text: string): string {
  return GUARDED.test(text) ? `'${text}` : text;
}

function withoutGuard(text: string): string {
  return GUARDED.test(text) ? text.slice(1) : text;
}
