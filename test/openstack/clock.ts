import { systemClock } from '../../src/runtime/clock.ts';

/** Waits until an exporter can count a second more: usage is asked in whole seconds, a settling delay behind Nova's clock. */
export async function aSecondAfter(untilMs: number, settlingMs: number): Promise<void> {
  await clockPasses(untilMs + 1000 + settlingMs);
}

/** This machine's clock is that of the cloud on it as well. */
async function clockPasses(instantMs: number): Promise<void> {
  while (Date.now() < instantMs) await systemClock.sleep(instantMs - Date.now());
}
