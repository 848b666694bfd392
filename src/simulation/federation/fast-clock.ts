import type { Clock } from '../../runtime/clock.ts';

/** A clock that stands still and is set, until it is released and goes as `real` does. */
export interface FastClock extends Clock {
  /** Unix milliseconds. */
  set(instantMs: number): void;
  release(): void;
}

/**
 * As long as the clock is set by hand, nobody's sleep comes to its end: the loops of roles rest, and whoever sets the
 * clock says what happens when. `release()` wakes all, and from then on time is real.
 */
export function createFastClock(real: Clock): FastClock {
  let setMs: number | undefined = real.nowMs();
  let wake = (): void => undefined;
  const released = new Promise<void>((resolve) => {
    wake = resolve;
  });
  return {
    nowMs: () => setMs ?? real.nowMs(),
    sleep: async (durationMs, signal) => {
      if (setMs === undefined) await real.sleep(durationMs, signal);
      else await Promise.race([released, aborted(signal)]);
    },
    set: (instantMs) => {
      setMs = instantMs;
    },
    release: () => {
      setMs = undefined;
      wake();
    },
  };
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve();
    else signal?.addEventListener('abort', () => resolve(), { once: true });
  });
}
