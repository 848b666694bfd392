import { MS_PER_HOUR } from '../../prometheus/usage-metrics.ts';

/** The time of one request, Unix milliseconds, both ends included. */
export interface ReadWindow {
  startMs: number;
  endMs: number;
}

/**
 * The time around a full hour for which readings are asked, at the default interval of five minutes and below. Totals stand
 * still until an exporter refreshes, and the refreshed totals are some minutes old. Longer intervals need more time.
 */
const AROUND = { beforeMs: 6 * 60_000, afterMs: 12 * 60_000 };
const SETTLING_MS = 2 * 60_000;

function aroundFullHour(intervalMs: number): typeof AROUND {
  const longest = Math.min(intervalMs, MS_PER_HOUR / 3);
  return {
    beforeMs: Math.max(AROUND.beforeMs, longest + SETTLING_MS),
    afterMs: Math.max(AROUND.afterMs, 2 * longest + SETTLING_MS),
  };
}

/** The longest time of one request: its samples of 100,000 series fit the limits of an answer. */
const LONGEST_MS = 3 * 60_000;

/** The part of a gap that is asked for. Prometheus keeps 15 days by default. */
const LONGEST_GAP_MS = 31 * 86_400_000;

/**
 * The windows that have to be read to know every hour of a gap, in order of time. Only the usage of each single hour is
 * unknown, so readings around the full hours are enough for a meter that continues. The readings at both ends tell which
 * meters do; see `readGap`.
 */
export function windowsOf(gap: { fromMs: number; toMs: number }, intervalMs: number): ReadWindow[] {
  const { beforeMs, afterMs } = aroundFullHour(intervalMs);
  const fromMs = Math.max(gap.fromMs, gap.toMs - LONGEST_GAP_MS);
  const stretches = [{ startMs: fromMs, endMs: fromMs + beforeMs }];
  for (let fullHour = nextFullHour(fromMs); fullHour < gap.toMs; fullHour += MS_PER_HOUR)
    stretches.push({
      startMs: Math.max(fullHour - beforeMs, fromMs),
      endMs: Math.min(fullHour + afterMs, gap.toMs),
    });
  stretches.push({ startMs: Math.max(gap.toMs - beforeMs, fromMs), endMs: gap.toMs + beforeMs });
  return joined(stretches).flatMap(inWindows);
}

/** Splits a longer time into windows of one request each, in order of time. */
export function inWindows({ startMs, endMs }: ReadWindow): ReadWindow[] {
  const windows: ReadWindow[] = [];
  for (let atMs = startMs; atMs < endMs; atMs += LONGEST_MS)
    windows.push({ startMs: atMs, endMs: Math.min(atMs + LONGEST_MS, endMs) });
  return windows;
}

/** Joins windows that touch, so that nothing is read twice. They have to be in order of their starts. */
function joined(stretches: readonly ReadWindow[]): ReadWindow[] {
  const apart: ReadWindow[] = [];
  for (const { startMs, endMs } of stretches) {
    const last = apart.at(-1);
    if (last !== undefined && startMs <= last.endMs) last.endMs = Math.max(last.endMs, endMs);
    else apart.push({ startMs, endMs });
  }
  return apart;
}

function nextFullHour(ms: number): number {
  return (Math.floor(ms / MS_PER_HOUR) + 1) * MS_PER_HOUR;
}
