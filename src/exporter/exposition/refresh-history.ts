interface Failing {
  sinceMs: number;
  /** The reason of the last failure. */
  reason: string;
}

/** How the refreshes of one cloud went. */
export class RefreshHistory {
  readonly counts = { success: 0, failure: 0 };
  /** Undefined before the first complete refresh. */
  lastSuccessMs: number | undefined;
  /** Undefined while refreshes succeed. */
  failing: Failing | undefined;
  /** When the next refresh starts; undefined before the first one has ended. */
  nextMs: number | undefined;

  succeeded(atMs: number): void {
    this.counts.success += 1;
    this.lastSuccessMs = atMs;
    this.failing = undefined;
  }

  failed(reason: string, atMs: number): void {
    this.counts.failure += 1;
    this.failing = { sinceMs: this.failing?.sinceMs ?? atMs, reason };
  }
}
