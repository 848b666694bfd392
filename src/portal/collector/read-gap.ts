import { distinctOf, eachInSteps, type Steps } from '../../prometheus/steps.ts';
import { inTurns } from '../../runtime/in-turns.ts';
import { meterKey } from '../ledger/accounting/meters/identity.ts';
import type { Sweep } from '../ledger/ledger.ts';
import { inWindows, windowsOf, type ReadWindow } from './read-windows.ts';

/** Undefined if the gate has no history. `beside` is the number of meters and readings that are in memory meanwhile. */
type ReadHistory = (window: ReadWindow, beside: number) => Promise<Sweep | undefined>;

/**
 * Reads a gap in order of time: some minutes around each full hour, and at both ends. If a meter is in one of these windows
 * and not in the next, its series ended in between, and so did its last total: then the time in between is read, too. No
 * time is ever read twice.
 */
export async function* readGap(
  gap: { fromMs: number; toMs: number },
  intervalMs: number,
  read: ReadHistory,
  signal: AbortSignal,
): AsyncGenerator<Sweep> {
  let meters = new Set<string>();
  let untilMs = gap.fromMs;
  for (const window of windowsOf(gap, intervalMs)) {
    const sweep = await read(window, meters.size);
    if (sweep === undefined) return;
    const found = await inTurns(distinctOf(sweep.readings, meterKey), signal);
    const isApart = window.startMs > untilMs;
    if (isApart && (await inTurns(isAnyGone(meters, found), signal)))
      yield* readAll(
        inWindows({ startMs: untilMs, endMs: window.startMs }),
        async (between) => await read(between, meters.size + sweep.readings.length),
      );
    yield sweep;
    if (isApart) meters = found;
    else
      await inTurns(
        eachInSteps(found, (meter) => void meters.add(meter)),
        signal,
      );
    untilMs = window.endMs;
  }
}

async function* readAll(
  windows: readonly ReadWindow[],
  read: (window: ReadWindow) => Promise<Sweep | undefined>,
): AsyncGenerator<Sweep> {
  for (const window of windows) {
    const sweep = await read(window);
    if (sweep !== undefined) yield sweep;
  }
}

function* isAnyGone(meters: ReadonlySet<string>, found: ReadonlySet<string>): Steps<boolean> {
  let isGone = false;
  yield* eachInSteps(meters, (meter) => {
    isGone ||= !found.has(meter);
  });
  return isGone;
}
