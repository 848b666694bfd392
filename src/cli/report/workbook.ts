import writeExcelFile from 'write-excel-file/node';
import { UserError } from '../../runtime/user-error.ts';

export type Cell = string | number | undefined;

interface Sheet {
  name: string;
  head: readonly string[];
  rows: readonly (readonly Cell[])[];
}

const MOST_ROWS = 1_048_576;
const LONGEST_TEXT = 32_767;
const WIDEST = 60;

/** A workbook for Excel. The head of each sheet is bold and stays in sight. Throws `UserError` for too many rows. */
export async function workbookOf(sheets: readonly Sheet[]): Promise<Buffer> {
  const written = sheets.map(({ name, head, rows }) => {
    if (rows.length >= MOST_ROWS)
      throw new UserError(`a sheet has at most ${MOST_ROWS} rows: choose the format csv, or ask for less`);
    return {
      sheet: name,
      stickyRowsCount: 1,
      columns: head.map((title, column) => ({ width: widthOf(title, rows, column) })),
      data: [head.map((value) => ({ value, fontWeight: 'bold' as const })), ...rows.map(cellsOf)],
    };
  });
  return await writeExcelFile(written).toBuffer();
}

function widthOf(title: string, rows: Sheet['rows'], column: number): number {
  const texts = rows.slice(0, 1000).map((row) => String(row[column] ?? ''));
  return Math.min(WIDEST, Math.max(title.length, ...texts.map(({ length }) => length))) + 2;
}

function cellsOf(row: readonly Cell[]) {
  return row.map((cell) => {
    if (cell === undefined || cell === '') return null;
    if (typeof cell === 'number') return { value: cell, format: '#,##0.00' };
    return { value: safe(cell.slice(0, LONGEST_TEXT)), type: String };
  });
}

/** XML cannot hold some characters at all, and Excel reads `_x0041_` as a character. */
function safe(text: string): string {
  return text
    .replaceAll(/(?![\t\n\r])[\p{Cc}\p{Cs}\ufffe\uffff]/gu, '?')
    .replaceAll(/_(?=x[\da-f]{4}_)/gi, '_x005F_');
}
