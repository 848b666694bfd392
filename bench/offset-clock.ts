import { systemClock, type Clock } from '../src/runtime/clock.ts';

/** This machine's clock with an offset that `passTime` increases. Sleeps never end: the bench starts the work itself. */
export function offsetClock(): Clock & { passTime(durationMs: number): void } {
  let offsetMs = 0;
  return {
    nowMs: () => systemClock.nowMs() + offsetMs,
    sleep: async (durationMs, signal) => await systemClock.sleep(Math.max(durationMs, 2 ** 30), signal),
    passTime: (durationMs) => {
      offsetMs += durationMs;
    },
  };
}
