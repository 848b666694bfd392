/** A row of CSV by RFC 4180, with its line end. */
export function csvLine(values: readonly (string | number)[]): string {
  return `${values.map(csvField).join(',')}\r\n`;
}

function csvField(value: string | number): string {
  if (typeof value === 'number') return String(value);
  if (PLAIN.test(value)) return value;
  const text = withoutFormula(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A text that neither needs quotes nor starts like a formula, as most do. */
const PLAIN = /^[a-z0-9][^",\r\n]*$/i;

/**
 * Spreadsheets run a field that starts like a formula, and anyone who may name a project could write one. An apostrophe
 * in front makes it text. Source: https://owasp.org/www-community/attacks/CSV_Injection
 */
function withoutFormula(text: string): string {
  if (NEGATIVE.test(text)) return text;
  return /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20\t\r]/.test(text) ? `'${text}` : text;
}

/** An exact amount below zero, as a decimal or a fraction, is a number. */
const NEGATIVE = /^-\d+(?:\.\d+|\/\d+)?$/;

/** A CSV is not well formed. The message is one line. */
export class CsvError extends Error {
  override readonly name = 'CsvError';
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

interface CsvRecord {
  /** The line of the file in which the record begins, from 1. */
  line: number;
  cells: string[];
}

/**
 * The records of a CSV by RFC 4180, with commas, or with the semicolons that spreadsheets write in many countries. Empty
 * lines do not count. Throws `CsvError`.
 */
export function csvRecords(text: string): CsvRecord[] {
  const separator = /^[^,\r\n]*;[^,\r\n]*(?:[\r\n]|$)/.test(text) ? ';' : ',';
  // A cell in quotes or a plain one, and what ends it. Sticky, so that each cell begins where the one before ended.
  const cell = new RegExp(`(?:"((?:[^"]|"")*)"|([^"${separator}\\r\\n]*))(${separator}|\\r?\\n|\\r|$)`, 'y');
  const records: CsvRecord[] = [];
  let record: CsvRecord = { line: 1, cells: [] };
  let line = 1;
  while (cell.lastIndex < text.length || record.cells.length > 0) {
    const found = cell.exec(text);
    if (found === null)
      throw new CsvError(
        line,
        'a quote is not closed, or text stands beside it: write "" for a quote inside quotes',
      );
    const [, inQuotes, plain = '', end] = found;
    record.cells.push(inQuotes?.replaceAll('""', '"') ?? plain);
    line += inQuotes?.match(/\r\n|\n|\r/g)?.length ?? 0;
    if (end === separator) continue;
    line += end === '' ? 0 : 1;
    if (record.cells.some((value) => value !== '')) records.push(record);
    record = { line, cells: [] };
    if (end === '') break;
  }
  return records;
}
