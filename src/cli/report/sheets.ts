import { csvLine } from '../../runtime/text/csv.ts';
import { percentOf, withLocalStarts, type Line, type Report } from './figures.ts';
import { lastDay, periodName } from './period.ts';
import { workbookOf, type Cell } from './workbook.ts';

/** Lines for programs, with amounts as the API gives them. A byte order mark lets Excel read the file as UTF-8. */
export function csvOf(report: Report, byteOrderMark: boolean): string {
  const rows = [columnsOf(report), ...report.lines.map((line) => cellsOf(line, report))];
  return (byteOrderMark ? '\ufeff' : '') + rows.map((row) => csvLine(row.map((cell) => cell ?? ''))).join('');
}

export function jsonOf(report: Report): string {
  const { portal, madeAt, timeZone, step, period, before, lines, sums, notes } = report;
  const rowOf = ({ keys, amount, before: earlier, unit, coverage }: Line) => {
    return { ...keys, amount, unit, before: earlier, coverage };
  };
  const answer = {
    portal,
    made_at: madeAt,
    tz: timeZone,
    step,
    ...period,
    compared_with: before,
    rows: lines.map(rowOf),
    sums: sums.map(rowOf),
    notes,
  };
  return `${JSON.stringify(answer, undefined, 2)}\n`;
}

/** A workbook. Sums have a sheet of their own, so that a sum over the lines counts nothing twice. */
export async function xlsxOf(report: Report): Promise<Buffer> {
  const { portal, madeAt, timeZone, step, period, before, lines, sums, notes } = withLocalStarts(report);
  const about: Cell[][] = [
    ['from', period.from],
    ['to', lastDay(period)],
    ['time zone', timeZone],
    ['step', step],
    ...(before === undefined ? [] : [['compared with', periodName(before)]]),
    ['portal', portal],
    ['made at', madeAt],
    ...notes.map((note) => ['note', note]),
  ];
  return await workbookOf([
    {
      name: 'Usage',
      head: columnsOf(report),
      rows: lines.map((line) => cellsOf(line, report)),
    },
    { name: 'Sums', head: columnsOf(report), rows: sums.map((line) => cellsOf(line, report)) },
    { name: 'About', head: ['what', 'value'], rows: about },
  ]);
}

function columnsOf({ keys, before }: Report): string[] {
  return [
    ...keys,
    'amount',
    'unit',
    ...(before === undefined ? [] : ['before', 'change_percent']),
    'coverage',
  ];
}

function cellsOf(line: Line, { keys, before }: Report): Cell[] {
  const compared = before === undefined ? [] : [line.before, percentOf(line)];
  return [...keys.map((key) => line.keys[key]), line.amount, line.unit, ...compared, line.coverage];
}
