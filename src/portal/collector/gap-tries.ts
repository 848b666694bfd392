import type { Gap } from '../ledger/ledger.ts';

const FIRST_PAUSE_MS = 3_600_000;
const LONGEST_PAUSE_MS = 24 * FIRST_PAUSE_MS;

/** Which gaps to ask for again: what a site does not have now it hardly has an hour later, so each is asked for ever less. */
export class GapTries {
  #tries = new Map<string, { dueMs: number; pauseMs: number }>();

  /** Those that are due, and notes that they are tried; gaps that are no more are forgotten. */
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
