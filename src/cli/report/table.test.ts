import { describe, expect, it } from 'vitest';
import { linesOf, sumsOf, type Report } from './figures.ts';
import { amountText, tableOf } from './table.ts';

const named = (project_name: string, amount: number) =>
  ({
    project_name,
    resource: 'vcpu',
    start: '2026-04-30T22:00:00.000Z',
    amount,
    unit: 'vCPU-hours',
    coverage: 'measured',
  }) as const;

function report(more: Partial<Report> = {}): Report {
  const lines = linesOf([named('Größe', 1_234_567.891), named('\u001b[31m日本', 2)], undefined);
  return {
    portal: 'http://portal',
    madeAt: '2026-07-01T00:00:00.000Z',
    timeZone: 'Europe/Berlin',
    step: 'month',
    period: { from: '2026-04-01', to: '2026-07-01' },
    before: undefined,
    keys: ['project_name', 'start', 'resource'],
    lines,
    sums: sumsOf(lines),
    notes: ['a: hours are missing on 2026-04-02.'],
    ...more,
  };
}

describe('the table of a report', () => {
  it('has aligned numbers, local dates, sums and notes, and nothing that a terminal obeys', () => {
    expect(tableOf(report(), { width: undefined, colour: false })).toBe(
      `Usage from 2026-04-01 to 2026-06-30, Europe/Berlin

project_name  start       resource        amount  unit        coverage
Größe         2026-05-01  vcpu      1 234 567.89  vCPU-hours  measured
?[31m日本     2026-05-01  vcpu              2.00  vCPU-hours  measured
sum                       vcpu      1 234 569.89  vCPU-hours

a: hours are missing on 2026-04-02.
`,
    );
  });

  it('has the period before and the change', () => {
    const lines = linesOf([named('a', 3)], [named('a', 2)]);
    const before = { from: '2026-01-01', to: '2026-04-01' };
    const text = tableOf(report({ before, keys: ['project_name'], lines, sums: [], notes: [] }), {
      width: undefined,
      colour: false,
    });
    expect(text.split('\n')).toEqual([
      'Usage from 2026-04-01 to 2026-06-30, Europe/Berlin, compared with 2026-Q1',
      '',
      'project_name  amount  unit        2026-Q1   change  coverage',
      'a               3.00  vCPU-hours     2.00  +50.0 %  measured',
      '',
    ]);
  });

  it('fits into the terminal as far as its names can be cut, and is bold in its head and sums', () => {
    const lines = linesOf([named('a-very-long-name-of-a-project', 1)], undefined);
    const text = tableOf(report({ keys: ['project_name'], lines, sums: sumsOf(lines), notes: [] }), {
      width: 50,
      colour: true,
    });
    expect(text.split('\n').slice(2, 5)).toEqual([
      '\u001b[1mproject_name          amount  unit        coverage\u001b[22m',
      'a-very-long-name-of…    1.00  vCPU-hours  measured',
      '\u001b[1msum                     1.00  vCPU-hours\u001b[22m',
    ]);
  });
});

it.each([
  [0, '0.00'],
  [999.994, '999.99'],
  [1000, '1 000.00'],
  [1e9, '1 000 000 000.00'],
])('the amount %d is written as %s', (amount, text) => {
  expect(amountText(amount)).toBe(text);
});
