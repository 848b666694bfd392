/** Rows of columns with two blanks between them. Columns in `right` stand at the right, such as numbers. */
export function aligned(rows: readonly (readonly string[])[], right: ReadonlySet<number>): string[] {
  const widths = columnWidths(rows);
  return rows.map((row) =>
    widths
      .map((width, column) => {
        const cell = row[column] ?? '';
        const blanks = ' '.repeat(width - widthOf(cell));
        return right.has(column) ? blanks + cell : cell + blanks;
      })
      .join('  '),
  );
}

/** The width of the widest cell of each column. */
export function columnWidths(rows: readonly (readonly string[])[]): number[] {
  const widths: number[] = [];
  for (const row of rows)
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, widthOf(cell));
  return widths;
}

/** How many columns of a terminal a text takes. */
export function widthOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  const wide = text.match(
    /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}]/gu,
  );
  const letters = text.match(/\P{M}/gu);
  return (letters?.length ?? 0) + (wide?.length ?? 0);
}
