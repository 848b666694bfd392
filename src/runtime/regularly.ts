import type { Clock } from './clock.ts';

export interface Schedule {
  clock: Clock;
  /** Ends the loop. */
  signal: AbortSignal;
  firstDelayMs?: number | undefined;
  /** The time from the end of a turn to the start of the next one. */
  delayMs: (turn: Turn) => number;
  /** Called for each turn that throws. Without it the loop ends with the error. */
  onFailure?: ((error: unknown, turn: Turn) => void | Promise<void>) | undefined;
}

export interface Turn {
  /** The number of turns in a row that threw, this one included. */
  failures: number;
  elapsedMs: number;
}

/** Repeats `work` until the signal aborts. Throws the errors that `onFailure` throws. */
export async function runRegularly(work: () => Promise<void>, schedule: Schedule): Promise<void> {
  const { clock, signal, firstDelayMs = 0, delayMs, onFailure = rethrow } = schedule;
  if (firstDelayMs > 0) await clock.sleep(firstDelayMs, signal);
  let failures = 0;
  while (!signal.aborted) {
    const startedMs = clock.nowMs();
    const turn = (failedTurns: number) => ({
      failures: failedTurns,
      elapsedMs: Math.max(0, clock.nowMs() - startedMs),
    });
    try {
      await work();
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      await onFailure(error, turn(failures));
    }
    await clock.sleep(delayMs(turn(failures)), signal);
  }
}

function rethrow(error: unknown): never {
  throw error;
}
