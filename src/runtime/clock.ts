import { setTimeout as delay } from 'node:timers/promises';

/** A role's source of time. Roles take it as an argument, so that a simulated federation can run in fast motion. */
export interface Clock {
  /** Milliseconds since the Unix epoch, UTC. */
  nowMs(): number;
  /** Resolves after `durationMs`; resolves early, without an error, when `signal` aborts. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>;
}

/** Node.js' limit: a longer timer fires at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  sleep: async (durationMs, signal) => {
    try {
      for (let leftMs = durationMs; leftMs > 0; leftMs -= LONGEST_TIMER_MS)
        await delay(Math.min(leftMs, LONGEST_TIMER_MS), undefined, signal ? { signal } : {});
    } catch (error) {
      if (!signal?.aborted) throw error;
    }
  },
};
