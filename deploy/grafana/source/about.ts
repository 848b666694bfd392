import { text, type Panel } from './panels.ts';

/** Stands on each dashboard: whoever is billed by a number must know which. */
export function aboutTheNumbers(height: number): Panel {
  return text(
    'What these numbers are',
    'Where the numbers of this dashboard come from, and which ones count.',
    [
      'Amounts and usage here are **estimates** of Prometheus, made of what it scraped: good to a few percent, and blind to times in which it did not scrape.',
      '',
      '**The ledger is the book.** What is billed and reported stands in [the portal](${portal}), which says of each hour whether it was measured. Its address is the field *Portal* above.',
      '',
      'Usage is amount × time: one hour with 4 vCPUs is 4 vCPU-hours. A window in which an exporter began its totals anew is left out, and marked in the graphs. All times are UTC.',
    ].join('\n'),
    24,
    height,
  );
}
