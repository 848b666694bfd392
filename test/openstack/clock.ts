import { systemClock } from '../../src/runtime/clock.ts';

/** Waits until an exporter can count another second: it asks up to whole seconds, a settling delay behind Nova's clock. */
export async function aSecondAfter(untilMs: number, settlingMs: number): Promise<void> {
  await clockPasses(untilMs + 1000 + settlingMs);
}

/** The cloud runs on this machine, so both have the same clock. */
async function clockPasses(instantMs: number): Promise<void> {
  while (Date.now() < instantMs) await systemClock.sleep(instantMs - Date.now());
}
