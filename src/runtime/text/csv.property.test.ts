import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { CsvError, csvLine, csvRecords } from './csv.ts';

const cells = (text: string) => csvRecords(text).map(({ line, cells: row }) => [line, ...row]);

it('reads quotes, line breaks inside quotes, and every kind of line end', () => {
  expect(cells('a,b\r\n"x ""y""","1\r\n2"\n,\n\n"",z\rlast,')).toEqual([
    [1, 'a', 'b'],
    [2, 'x "y"', '1\r\n2'],
    [6, '', 'z'],
    [7, 'last', ''],
  ]);
});

it('reads semicolons if the first line has no comma', () => {
  expect(cells('a;b\n1,5;"2;3"\n')).toEqual([
    [1, 'a', 'b'],
    [2, '1,5', '2;3'],
  ]);
});

it.each(['a\n"b', 'a\nb"c', 'a\n"b"c'])('names the line of a wrong quote: %j', (text) => {
  expect(() => csvRecords(text)).toThrow(CsvError);
  expect(() => csvRecords(text)).toThrow(expect.objectContaining({ line: 2 }));
});

it('reads what the writer writes', () => {
  // A spreadsheet would run a text that begins like a formula, so the writer changes it.
  const text = fc
    .string({ unit: 'grapheme' })
    .filter((value) => !/^\s*[=+\-@\uff1d\uff1b\uff0b\uff0d\uff20\t\r]/.test(value));
  const rows = fc.array(
    fc.array(text, { minLength: 2, maxLength: 4 }).map(([first = '', ...rest]) => [`x${first}`, ...rest]),
  );
  fc.assert(
    fc.property(rows, (table) => {
      expect(csvRecords(table.map(csvLine).join('')).map((record) => record.cells)).toEqual(table);
    }),
  );
});
