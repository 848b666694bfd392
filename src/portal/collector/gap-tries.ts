import type { Gap } from '../ledger/ledger.ts';

const FIRST_PAUSE_MS = 3_600_000;
const LONGEST_PAUSE_MS = 24 * FIRST_PAUSE_MS;

/** Decides which gaps to ask for again. A site rarely has later what it does not have now, so the pauses grow. */
export class GapTries {
  #tries = new Map<string, { dueMs: number; pauseMs: number }>();

  /** Returns the gaps that are due, and counts them as tried. Forgets gaps that no longer exist. */
  due(gaps: readonly Gap[], nowMs: number): Gap[] {
    const before = this.#tries;
    const due = gaps.filter((gap) => (before.get(keyOf(gap))?.dueMs ?? nowMs) <= nowMs);
    this.#tries = new Map(
      gaps.flatMap((gap) => {
        const known = before.get(keyOf(gap));
        return known === undefined ? [] : [[keyOf(gap), known] as const];
      }),
    );
    for (const gap of due) {
      const pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * (before.get(keyOf(gap))?.pauseMs ?? FIRST_PAUSE_MS / 2));
      this.#tries.set(keyOf(gap), { dueMs: nowMs + pauseMs, pauseMs });
    }
    return due;
  }
}

function keyOf({ cloud, fromMs, toMs }: Gap): string {
  return `${cloud}\0${fromMs}\0${toMs}`;
}
