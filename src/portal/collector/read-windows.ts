import { MS_PER_HOUR } from '../../prometheus/usage-metrics.ts';

/** A time that is asked for, Unix milliseconds, both ends included. */
export interface ReadWindow {
  startMs: number;
  endMs: number;
}

/**
 * How far around the stroke of an hour readings are asked for: totals stand still until an exporter refreshes, and what
 * it states then is some minutes old. For an exporter at its usual five minutes, and for those that refresh less often.
 */
const AROUND = { beforeMs: 6 * 60_000, afterMs: 12 * 60_000 };
const SETTLING_MS = 2 * 60_000;

function aroundStroke(intervalMs: number): typeof AROUND {
  const longest = Math.min(intervalMs, MS_PER_HOUR / 3);
  return {
    beforeMs: Math.max(AROUND.beforeMs, longest + SETTLING_MS),
    afterMs: Math.max(AROUND.afterMs, 2 * longest + SETTLING_MS),
  };
}

/** A window of one request: the samples of 100,000 series in it fit an answer's limits. */
const LONGEST_MS = 3 * 60_000;

/** Prometheus keeps 15 days where it is not told otherwise. */
const LONGEST_GAP_MS = 31 * 86_400_000;

/**
 * What of a gap has to be read so that every hour in it is known: only how much fell into which hour is unknown, so that
 * the readings around the strokes of its hours say all of a meter that goes on. Those at its two ends tell which do: see
 * `readGap`. In order of time.
 */
export function windowsOf(gap: { fromMs: number; toMs: number }, intervalMs: number): ReadWindow[] {
  const { beforeMs, afterMs } = aroundStroke(intervalMs);
  const fromMs = Math.max(gap.fromMs, gap.toMs - LONGEST_GAP_MS);
  const stretches = [{ startMs: fromMs, endMs: fromMs + beforeMs }];
  for (let stroke = nextStroke(fromMs); stroke < gap.toMs; stroke += MS_PER_HOUR)
    stretches.push({
      startMs: Math.max(stroke - beforeMs, fromMs),
      endMs: Math.min(stroke + afterMs, gap.toMs),
    });
  stretches.push({ startMs: Math.max(gap.toMs - beforeMs, fromMs), endMs: gap.toMs + beforeMs });
  return joined(stretches).flatMap(inWindows);
}

/** A longer time in windows of one request each, in order of time. */
export function inWindows({ startMs, endMs }: ReadWindow): ReadWindow[] {
  const windows: ReadWindow[] = [];
  for (let atMs = startMs; atMs < endMs; atMs += LONGEST_MS)
    windows.push({ startMs: atMs, endMs: Math.min(atMs + LONGEST_MS, endMs) });
  return windows;
}

/** Those that touch one another as one: nothing is read twice. They come in order of their starts. */
function joined(stretches: readonly ReadWindow[]): ReadWindow[] {
  const apart: ReadWindow[] = [];
  for (const { startMs, endMs } of stretches) {
    const last = apart.at(-1);
    if (last !== undefined && startMs <= last.endMs) last.endMs = Math.max(last.endMs, endMs);
    else apart.push({ startMs, endMs });
  }
  return apart;
}

function nextStroke(ms: number): number {
  return (Math.floor(ms / MS_PER_HOUR) + 1) * MS_PER_HOUR;
}
