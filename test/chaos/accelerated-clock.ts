import { systemClock, type Clock } from '../../src/runtime/clock.ts';

/** At the real instant `realMs` (Unix milliseconds) it is `simulatedMs`, and from then on time goes `speed` times as fast. */
export interface Acceleration {
  realMs: number;
  simulatedMs: number;
  speed: number;
}

/** A loop that rests for a second would not rest at all. */
const SHORTEST_SLEEP_MS = 50;

/** A clock that goes fast; all processes of one machine that are told of the same acceleration have the same time. */
export function acceleratedClock({ realMs, simulatedMs, speed }: Acceleration): Clock {
  return {
    nowMs: () => Math.floor(simulatedMs + (Date.now() - realMs) * speed),
    sleep: async (durationMs, signal) =>
      await systemClock.sleep(Math.max(durationMs / speed, SHORTEST_SLEEP_MS), signal),
  };
}
