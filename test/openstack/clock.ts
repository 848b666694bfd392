import { systemClock } from '../../src/runtime/clock.ts';

/** Waits until the machine's clock reaches an instant. The cloud runs on the same machine and has the same clock. */
export async function clockPasses(instantMs: number): Promise<void> {
  while (Date.now() < instantMs) await systemClock.sleep(instantMs - Date.now());
}

/** Waits until an exporter can count one more second. It asks in whole seconds and stays a settling delay behind Nova. */
export async function aSecondAfter(untilMs: number, settlingMs: number): Promise<void> {
  await clockPasses(untilMs + 1000 + settlingMs);
}

/** Waits until an exporter can count everything up to now. */
export async function nowSettles(settlingMs: number): Promise<void> {
  await clockPasses(Math.ceil(Date.now() / 1000) * 1000 + settlingMs);
}
