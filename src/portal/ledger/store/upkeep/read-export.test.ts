import { createHash } from 'node:crypto';
import { assert, asyncProperty, constantFrom, nat, pre } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ROWS_AT_ONCE } from './export-lines.ts';
import { readExport, type ExportPart } from './read-export.ts';

const HEADER = '{"format":"stackmeter-ledger","schema":7}';
const ROWS = ['{"site_id": 1, "name": "a"}', '{"site_id": 2, "name": "b"}'];
const METER = '{"site_id": 1, "opening": 118059162071741130342}';
const SIGNS = ['0', '1', '9', 'a', '"', '{', '}', ',', ' ', '\n'];
const LINES = [HEADER, '{"table":"site"}', ...ROWS, '{"table":"cloud"}', '{"table":"meter"}', METER];

function withEnd(lines: readonly string[], rows: number): string[] {
  const sha256 = createHash('sha256')
    .update(`${lines.join('\n')}\n`)
    .digest('hex');
  return [...lines, JSON.stringify({ end: true, rows, sha256 })];
}

async function* given(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines;
}

async function read(lines: readonly string[]): Promise<ExportPart[]> {
  const parts: ExportPart[] = [];
  for await (const part of readExport(given(lines))) parts.push(part);
  return parts;
}

describe('an export', () => {
  it('is read in parts of one table', async () => {
    expect(await read(withEnd(LINES, 3))).toEqual([
      { schema: 7 },
      { table: 'site', rows: ROWS, line: 5 },
      { table: 'meter', rows: [METER], line: 8 },
      { rowCount: 3, hasChecksum: true },
    ]);
  });

  it('is read in parts of bounded size', async () => {
    const many = Array.from({ length: 2 * ROWS_AT_ONCE + 1 }, () => METER);
    const parts = await read(withEnd([HEADER, '{"table":"meter"}', ...many], many.length));
    expect(parts.flatMap((part) => ('table' in part ? [part.rows.length] : []))).toEqual([
      ROWS_AT_ONCE,
      ROWS_AT_ONCE,
      1,
    ]);
  });

  it('is accepted without a checksum, as earlier versions wrote it', async () => {
    expect((await read([...LINES, '{"end":true,"rows":3}'])).at(-1)).toEqual({
      rowCount: 3,
      hasChecksum: false,
    });
  });

  it('is refused if a character of its lines has changed', async () => {
    const text = LINES.join('\n');
    const [end = ''] = withEnd(LINES, 3).slice(-1);
    const place = nat({ max: text.length - 1 });
    await assert(
      asyncProperty(place, constantFrom(...SIGNS), async (index, character) => {
        pre(text[index] !== character);
        const changed = text.slice(0, index) + character + text.slice(index + 1);
        await expect(read([...changed.split('\n'), end])).rejects.toThrow(
          /^line \d+ of the import: .*; nothing was imported$/,
        );
      }),
    );
  });

  it('is refused if it is cut at any place', async () => {
    const text = withEnd(LINES, 3).join('\n');
    for (let length = 0; length < text.length; length++)
      await expect(read(text.slice(0, length).split('\n'))).rejects.toThrow(/; nothing was imported$/);
  });

  it.each([
    ['a changed digit', LINES.with(6, METER.replace('118', '119')), /line 8 .* checksum does not match/],
    ['rows in another order', LINES.with(2, ROWS[1] ?? '').with(3, ROWS[0] ?? ''), /line 8 .*checksum/],
    ['a row less', LINES.toSpliced(3, 1), /line 7 .*rows are missing/],
    ['a row before its table', LINES.toSpliced(1, 1), /line 2 .*comes before its table/],
    ['a table that no ledger has', LINES.with(1, '{"table":"pg_authid"}'), /line 2 .*no line of/],
  ])('is refused with %s, and the message names the line', async (_what, lines, reason) => {
    const [end = ''] = withEnd(LINES, 3).slice(-1);
    await expect(read([...lines, end])).rejects.toThrow(reason);
  });

  it('has no lines after its end', async () => {
    await expect(read([...withEnd(LINES, 3), ''])).rejects.toThrow(/line 9 .*more lines after the end/);
  });
});
