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
  /** The same for epochs with the first server hours. */
  readonly serverEpochs = new Map<string, number>();

  add(changes: MeterChanges, { projects, meters }: Additions): void {
    const { folded, ignored, anomalies, epochs, serverEpochs } = changes;
    this.outcome.folded += folded;
    this.outcome.ignored += ignored;
    this.outcome.anomalies += anomalies;
    this.additions.projects += projects;
    this.additions.meters += meters;
    addEarliest(this.epochs, epochs);
    addEarliest(this.serverEpochs, serverEpochs);
  }
}

function addEarliest(all: Map<string, number>, added: ReadonlyMap<string, number>): void {
  for (const [epoch, firstMs] of added) all.set(epoch, Math.min(all.get(epoch) ?? firstMs, firstMs));
}
