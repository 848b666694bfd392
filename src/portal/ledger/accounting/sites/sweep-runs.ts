import type { SweepRun } from '../../ledger.ts';

/** One sweep as a part of a run. */
interface EndedSweep extends Pick<SweepRun, 'outcome' | 'error'> {
  atMs: number;
}

/** The present run after a sweep, and the run before if the sweep ended in another way. */
export function afterSweep(
  before: SweepRun | undefined,
  { atMs, outcome, error }: EndedSweep,
): { run: SweepRun; ended: SweepRun | undefined } {
  if (before?.outcome !== outcome)
    return { run: { outcome, fromMs: atMs, toMs: atMs, sweeps: 1, error }, ended: before };
  const toMs = Math.max(before.toMs, atMs);
  return { run: { ...before, toMs, sweeps: before.sweeps + 1, error }, ended: undefined };
}
