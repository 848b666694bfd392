import type { Turn } from '../../runtime/regularly.ts';

const FIRST_RETRY_MS = 15_000;

/** Refreshes start an interval apart. After a failure the delay is 15 s, 30 s, 60 s … up to the interval. */
export function refreshDelayMs({ failures, elapsedMs }: Turn, intervalMs: number): number {
  return failures === 0
    ? Math.max(0, intervalMs - elapsedMs)
    : Math.min(intervalMs, FIRST_RETRY_MS * 2 ** (failures - 1));
}
