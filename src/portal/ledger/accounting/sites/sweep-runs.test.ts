import { expect, it } from 'vitest';
import type { SweepRun } from '../../ledger.ts';
import { afterSweep } from './sweep-runs.ts';

const failed = (atMs: number, error: string) => ({ atMs, outcome: 'failed' as const, error });
const ok = (atMs: number) => ({ atMs, outcome: 'ok' as const, error: null });

it('a run goes on while sweeps end in the same way, under the last error, and also with an earlier time', () => {
  let run: SweepRun | undefined;
  const ended = [ok(10), failed(20, '401'), failed(30, 'timeout'), failed(25, 'timeout'), ok(40), ok(50)].map(
    (sweep) => {
      const step = afterSweep(run, sweep);
      run = step.run;
      return step.ended;
    },
  );
  expect(ended.filter((one) => one !== undefined)).toEqual([
    { outcome: 'ok', fromMs: 10, toMs: 10, sweeps: 1, error: null },
    { outcome: 'failed', fromMs: 20, toMs: 30, sweeps: 3, error: 'timeout' },
  ]);
  expect(run).toEqual({ outcome: 'ok', fromMs: 40, toMs: 50, sweeps: 2, error: null });
});
