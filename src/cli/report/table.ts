import { aligned, columnWidths, widthOf } from '../../runtime/text/columns.ts';
import { changeOf, withLocalStarts, type Line, type Report } from './figures.ts';
import { lastDay, periodName } from './period.ts';

interface Terminal {
  /** Columns of the terminal; undefined for a file or a pipe. */
  width: number | undefined;
  colour: boolean;
}

/** A report for people to read. Amounts have two places. */
export function tableOf(report: Report, { width, colour }: Terminal): string {
  const { period, before, timeZone, keys, lines, sums, notes } = withLocalStarts(report);
  const columns = [...keys, 'amount', 'unit', ...(before ? [periodName(before), 'change'] : []), 'coverage'];
  const numbers = new Set(['amount', 'change', before ? periodName(before) : '']);
  const right = new Set(columns.flatMap((column, index) => (numbers.has(column) ? [index] : [])));
  const rows = fitted(
    [columns, ...lines.map((line) => cellsOf(line, report)), ...sums.map((line) => sumCells(line, report))],
    width,
    right,
  );
  const texts = aligned(rows, right).map((text) => text.trimEnd());
  const strong = (text: string) => (colour ? `\u001b[1m${text}\u001b[22m` : text);
  const first = texts.length - sums.length;
  return [
    `Usage from ${period.from} to ${lastDay(period)}, ${timeZone}${before ? `, compared with ${periodName(before)}` : ''}`,
    '',
    ...texts.map((text, index) => (index === 0 || index >= first ? strong(text) : text)),
    ...(notes.length === 0 ? [] : ['', ...notes]),
    '',
  ].join('\n');
}

function cellsOf(line: Line, { keys, before }: Report): string[] {
  const { amount, unit, coverage = '' } = line;
  const compared = before ? [amountText(line.before ?? 0), changeOf(line)] : [];
  const names = keys.map((key) => shown(line.keys[key]));
  return [...names, amountText(amount), unit, ...compared, coverage];
}

/** Usage without a grant or cloud has a dash. A terminal obeys control characters, and sites write the names. */
function shown(name = ' '): string {
  return name === '' ? '–' : name.replaceAll(/\p{C}/gu, '?').trim();
}

function sumCells(line: Line, report: Report): string[] {
  const [first, ...others] = cellsOf(line, report);
  return report.keys.length === 0 ? [first ?? '', ...others] : [`sum ${first ?? ''}`.trimEnd(), ...others];
}

/** `1 234 567.80`: blanks between thousands mean the same to all readers, commas and points do not. */
export function amountText(amount: number): string {
  const [whole = '', places = ''] = amount.toFixed(2).split('.');
  return `${whole.replaceAll(/\B(?=(?:\d{3})+$)/g, ' ')}.${places}`;
}

const NARROWEST = 8;

/** Cuts the widest columns of text until a row fits into the terminal. */
function fitted(rows: readonly string[][], width = Infinity, right: ReadonlySet<number>): string[][] {
  const widths = columnWidths(rows);
  const texts = [...widths.keys()].filter((column) => !right.has(column));
  for (let over = widths.reduce((sum, one) => sum + one + 2, -2) - width; over > 0; over--) {
    const widest = texts.reduce((a, b) => ((widths[b] ?? 0) > (widths[a] ?? 0) ? b : a), texts[0] ?? 0);
    if ((widths[widest] ?? 0) <= NARROWEST) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return rows.map((row) => row.map((cell, column) => cut(cell, widths[column] ?? 0)));
}

function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = '';
  for (const letter of text) {
    if (widthOf(kept + letter) > width - 1) break;
    kept += letter;
  }
  return `${kept}…`;
}
