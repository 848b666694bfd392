import { systemClock } from '../../src/runtime/clock.ts';

/** Waits until the clock has passed an instant: this machine's, which is that of the cloud on it as well. */
export async function clockPasses(instantMs: number): Promise<void> {
  while (Date.now() < instantMs) await systemClock.sleep(instantMs - Date.now());
}

/** Waits until an exporter can count a second more: usage is asked in whole seconds, a settling delay behind Nova's clock. */
export async function aSecondAfter(untilMs: number, settlingMs: number): Promise<void> {
  await clockPasses(untilMs + 1000 + settlingMs);
}

/** Waits until an exporter can count all that has happened by now. */
export async function nowSettles(settlingMs: number): Promise<void> {
  await clockPasses(Math.ceil(Date.now() / 1000) * 1000 + settlingMs);
}
