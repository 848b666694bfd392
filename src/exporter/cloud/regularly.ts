import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { describeError } from '../../runtime/user-error.ts';

export interface RegularOptions {
  intervalMs: number;
  clock: Clock;
  logger: Logger;
  signal: AbortSignal;
}

const FIRST_RETRY_MS = 15_000;

/** Calls `refresh` every interval until the signal; after a failure sooner, with growing delays. Never rejects. */
export async function runRegularly(refresh: () => Promise<void>, options: RegularOptions): Promise<void> {
  const { clock, logger, signal, intervalMs } = options;
  let failures = 0;
  while (!signal.aborted) {
    const startedMs = clock.nowMs();
    try {
      await refresh();
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      const retryInS = Math.round(delayAfter(failures, intervalMs) / 1000);
      logger.error({ reason: describeError(error), retryInS }, 'the refresh failed, nothing is counted yet');
    }
    const elapsedMs = Math.max(0, clock.nowMs() - startedMs);
    const delayMs = failures === 0 ? Math.max(0, intervalMs - elapsedMs) : delayAfter(failures, intervalMs);
    await clock.sleep(delayMs, signal);
  }
}

/** 15 s, 30 s, 60 s … up to the interval. */
function delayAfter(failures: number, intervalMs: number): number {
  return Math.min(intervalMs, FIRST_RETRY_MS * 2 ** (failures - 1));
}
