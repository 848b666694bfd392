import type { Clock } from './clock.ts';

export interface Schedule {
  clock: Clock;
  /** Ends the loop. */
  signal: AbortSignal;
  firstDelayMs?: number | undefined;
  /** From the end of a turn to the next one. */
  delayMs: (turn: Turn) => number;
  /** Is told of each turn that throws. Without it the loop ends with the error. */
  onFailure?: ((error: unknown, turn: Turn) => void | Promise<void>) | undefined;
}

export interface Turn {
  /** Turns in a row that threw, this one included. */
  failures: number;
  elapsedMs: number;
}

/** Does `work` again and again until the signal. Rejects with what `onFailure` throws. */
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
