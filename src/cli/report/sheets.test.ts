import { inflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { linesOf, sumsOf, type Report } from './figures.ts';
import { csvOf, jsonOf, xlsxOf } from './sheets.ts';

const NAME = '=cmd "Größe" <&> _x0041_\u0007';
const lines = linesOf(
  [
    {
      grant: null,
      project_name: NAME,
      start: '2026-04-01T00:00:00.000Z',
      amount: 1234.567,
      unit: 'vCPU-hours',
      coverage: 'spread',
    },
  ],
  undefined,
);
const report: Report = {
  portal: 'http://portal',
  madeAt: '2026-07-01T00:00:00.000Z',
  timeZone: 'UTC',
  step: 'total',
  period: { from: '2026-04-01', to: '2026-07-01' },
  before: undefined,
  keys: ['grant', 'project_name'],
  lines,
  sums: sumsOf(lines),
  notes: ['a note'],
};

/** The files of an archive, as its central directory names them. */
function unzipped(archive: Buffer): Record<string, string> {
  const end = archive.lastIndexOf(Buffer.from('PK\u0005\u0006'));
  let at = archive.readUInt32LE(end + 16);
  const files: Record<string, string> = {};
  for (let left = archive.readUInt16LE(end + 10); left > 0; left--) {
    const [size, nameLength, local] = [
      archive.readUInt32LE(at + 20),
      archive.readUInt16LE(at + 28),
      archive.readUInt32LE(at + 42),
    ];
    const name = archive.toString('ascii', at + 46, at + 46 + nameLength);
    const content = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
    files[name] = inflateRawSync(archive.subarray(content, content + size)).toString();
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  return files;
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', amp: '&' };

/** The cells of a sheet by their places: text as text, numbers as numbers. */
function cellsOf(files: Record<string, string>, sheet: number): Record<string, string | number> {
  const texts = [...(files['xl/sharedStrings.xml'] ?? '').matchAll(/<t[^>]*>(.*?)<\/t>/gs)].map(
    ([, text = '']) =>
      text
        .replaceAll(/&(\w+);/g, (_, name: string) => ENTITIES[name] ?? '')
        .replaceAll(/_x([\dA-F]{4})_/gi, (_, code: string) =>
          String.fromCodePoint(Number.parseInt(code, 16)),
        ),
  );
  const cells = (files[`xl/worksheets/sheet${sheet}.xml`] ?? '').matchAll(
    /<c r="(\w+)"([^>]*)><v>(.*?)<\/v><\/c>/g,
  );
  return Object.fromEntries(
    [...cells].map(([, place = '', attributes = '', value = '']) => [
      place,
      attributes.includes('t="s"') ? (texts[Number(value)] ?? '') : Number(value),
    ]),
  );
}

describe('a workbook', async () => {
  const files = unzipped(await xlsxOf(report));

  it('has whole numbers, umlauts, and names that are no formulas', () => {
    expect(cellsOf(files, 1)).toEqual({
      A1: 'grant',
      B1: 'project_name',
      C1: 'amount',
      D1: 'unit',
      E1: 'coverage',
      B2: NAME.replace('\u0007', '?'),
      C2: 1234.567,
      D2: 'vCPU-hours',
      E2: 'spread',
    });
    expect(Object.values(files).join('')).not.toContain('<f>');
  });

  it('has sums on a sheet of their own', () => {
    expect(cellsOf(files, 2)).toMatchObject({ C2: 1234.567, D2: 'vCPU-hours' });
  });

  it('says on the last sheet what it is about', () => {
    expect(Object.values(cellsOf(files, 3))).toEqual([
      'what',
      'value',
      'from',
      '2026-04-01',
      'to',
      '2026-06-30',
      'time zone',
      'UTC',
      'step',
      'total',
      'portal',
      'http://portal',
      'made at',
      '2026-07-01T00:00:00.000Z',
      'note',
      'a note',
    ]);
  });
});

it('a CSV has lines only, with amounts as in the API, and no formulas', () => {
  expect(csvOf(report, false)).toBe(
    'grant,project_name,amount,unit,coverage\r\n' +
      ',"\'=cmd ""Größe"" <&> _x0041_\u0007",1234.567,vCPU-hours,spread\r\n',
  );
  expect(csvOf(report, true)).toBe(`\ufeff${csvOf(report, false)}`);
});

it('the change is a number in a CSV and a workbook, so that spreadsheets can sort it', async () => {
  const compared = (amount: number, before: number) => ({
    keys: { grant: 'climate' },
    amount,
    before,
    unit: 'vCPU-hours',
    coverage: undefined,
  });
  const changed: Report = {
    ...report,
    before: { from: '2026-01-01', to: '2026-04-01' },
    keys: ['grant'],
    lines: [compared(3, 2), compared(1, 4), compared(1, 0)],
  };
  expect(csvOf(changed, false)).toBe(
    'grant,amount,unit,before,change_percent,coverage\r\n' +
      'climate,3,vCPU-hours,2,50,\r\n' +
      'climate,1,vCPU-hours,4,-75,\r\n' +
      'climate,1,vCPU-hours,0,,\r\n',
  );
  expect(cellsOf(unzipped(await xlsxOf(changed)), 1)).toMatchObject({
    E1: 'change_percent',
    E2: 50,
    E3: -75,
  });
});

it('JSON has all of a report', () => {
  expect(JSON.parse(jsonOf(report))).toEqual({
    portal: 'http://portal',
    made_at: '2026-07-01T00:00:00.000Z',
    tz: 'UTC',
    step: 'total',
    from: '2026-04-01',
    to: '2026-07-01',
    rows: [
      {
        grant: '',
        project_name: NAME,
        start: '2026-04-01T00:00:00.000Z',
        amount: 1234.567,
        unit: 'vCPU-hours',
        coverage: 'spread',
      },
    ],
    sums: [{ amount: 1234.567, unit: 'vCPU-hours' }],
    notes: ['a note'],
  });
});
