import { text, type Panel } from './panels.ts';

/** A text on each dashboard: people who get a bill must know which numbers count. */
export function aboutTheNumbers(height: number): Panel {
  return text(
    'About these numbers',
    'The source of the numbers on this dashboard, and which ones count.',
    [
      'Amounts and usage here are **estimates** of Prometheus, from its scrapes. They are good to a few percent, and miss times without a scrape.',
      '',
      '**For bills and reports, use the ledger.** [The portal](${portal}) shows it, and says for each hour whether it was measured. The field *Portal* above has its address.',
      '',
      'Usage is amount × time: one hour with 4 vCPUs is 4 vCPU-hours. If an exporter began its totals again within a window, the window is left out, and marked in the graphs. All times are UTC.',
    ].join('\n'),
    24,
    height,
  );
}
