import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvLine } from './csv.ts';

/** A reader for RFC 4180, written for this test. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let field = '';
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? '';
    if (quoted && character === '"' && text[at + 1] === '"') field += text[++at] ?? '';
    else if (character === '"') quoted = !quoted;
    else if (quoted || !/[,\r\n]/.test(character)) field += character;
    else if (character === '\n') rows.push(row.concat(field));
    if (!quoted && character === ',') row.push(field);
    if (!quoted && character === '\n') row = [];
    if (!quoted && /[,\n]/.test(character)) field = '';
  }
  return rows;
}

describe('a line of CSV', () => {
  it('quotes a field with a comma, a quote or a line end', () => {
    expect(csvLine(['plain', 'a,b', 'say "x"', 'two\r\nlines', 'Käse', 1.5, ''])).toBe(
      'plain,"a,b","say ""x""","two\r\nlines",Käse,1.5,\r\n',
    );
  });

  it.each(['=1+1', '+1', '-A1', '-1+2', '@SUM(A1)', '\t=1', '\r=1', ' =1', '\uff1d1'])(
    'turns %j, which a spreadsheet would run, into text',
    (name) => {
      expect(readCsv(csvLine([name]))).toEqual([[`'${name}`]]);
    },
  );

  it('leaves numbers as they are, even below zero', () => {
    expect(csvLine([-1.5, 0])).toBe('-1.5,0\r\n');
    expect(csvLine(['-12', '-0.30', '-3/10'])).toBe('-12,-0.30,-3/10\r\n');
  });

  it('can be read back unchanged, except for the apostrophe before a formula', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.string({ unit: 'binary' }), { minLength: 1 }), { minLength: 1 }),
        (rows) => {
          const read = readCsv(rows.map((row) => csvLine(row)).join(''));
          const plain = read.map((row, line) =>
            row.map((field, column) => (field === `'${rows[line]?.[column]}` ? field.slice(1) : field)),
          );
          expect(plain).toEqual(rows);
        },
      ),
    );
  });
});
