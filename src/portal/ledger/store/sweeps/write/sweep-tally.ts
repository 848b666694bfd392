import type { MeterChanges } from '../../../accounting/sweeps/sweep.ts';
import type { FoldOutcome } from '../../../ledger.ts';

/** What became known with a part of a sweep. */
export interface Discovered {
  projects: number;
  meters: number;
}

/** Adds up what the parts of a sweep did. */
export class SweepTally {
  readonly outcome: FoldOutcome = { folded: 0, ignored: 0, anomalies: 0 };
  readonly discovered: Discovered = { projects: 0, meters: 0 };
  /** Epochs that are new, and when a reading of each was folded first. */
  readonly epochs = new Map<string, number>();

  add({ folded, ignored, anomalies, epochs }: MeterChanges, { projects, meters }: Discovered): void {
    this.outcome.folded += folded;
    this.outcome.ignored += ignored;
    this.outcome.anomalies += anomalies;
    this.discovered.projects += projects;
    this.discovered.meters += meters;
    for (const [epoch, firstMs] of epochs)
      this.epochs.set(epoch, Math.min(this.epochs.get(epoch) ?? firstMs, firstMs));
  }
}
