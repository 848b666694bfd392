import { setMaxListeners } from 'node:events';

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
    for (let leftMs = durationMs; leftMs > 0; leftMs -= LONGEST_TIMER_MS)
      await delay(Math.min(leftMs, LONGEST_TIMER_MS), signal);
  },
};

/** Node.js' own makes an error with a stack for each abort, and most sleeps of a sweep end early. */
async function delay(durationMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return;
  // Many may sleep until one signal, and from eleven on Node.js warns of a leak.
  if (signal !== undefined) setMaxListeners(0, signal);
  await new Promise<void>((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, durationMs);
    signal?.addEventListener('abort', wake, { once: true });
  });
}
