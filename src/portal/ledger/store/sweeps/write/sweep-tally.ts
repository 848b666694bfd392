import type { MeterChanges } from '../../../accounting/sweeps/sweep.ts';
import type { FoldOutcome } from '../../../ledger.ts';

/** The number of new projects and meters in a part of a sweep. */
export interface Additions {
  projects: number;
  meters: number;
}

/** Adds up the outcomes of the parts of a sweep. */
export class SweepTally {
  readonly outcome: FoldOutcome = { folded: 0, ignored: 0, anomalies: 0 };
  readonly additions: Additions = { projects: 0, meters: 0 };
  /** New epochs, and the time of each one's first folded reading. */
  readonly epochs = new Map<string, number>();

  add({ folded, ignored, anomalies, epochs }: MeterChanges, { projects, meters }: Additions): void {
    this.outcome.folded += folded;
    this.outcome.ignored += ignored;
    this.outcome.anomalies += anomalies;
    this.additions.projects += projects;
    this.additions.meters += meters;
    for (const [epoch, firstMs] of epochs)
      this.epochs.set(epoch, Math.min(this.epochs.get(epoch) ?? firstMs, firstMs));
  }
}
