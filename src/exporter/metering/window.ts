/** `[startMs, endMs)` */
export interface Window {
  startMs: number;
  endMs: number;
}

/**
 * How far usage may be folded in now: a settling delay behind Nova's time, in whole seconds, which is how Nova asks
 * its database (rule M5).
 */
export function settledUntil(novaNowMs: number, settlingDelayMs: number): number {
  return wholeSeconds(novaNowMs - settlingDelayMs);
}

/** The next window on the way to `targetMs`, at most `longestMs` long; undefined when less than a second is left. */
export function nextWindow(untilMs: number, targetMs: number, longestMs: number): Window | undefined {
  const endMs = Math.min(targetMs, untilMs + longestMs);
  return endMs - untilMs >= 1000 ? { startMs: untilMs, endMs } : undefined;
}

/** What an answer says about Nova's clock. */
export interface ClockEvidence {
  /** When the request was sent and answered, by our clock. */
  sentMs: number;
  receivedMs: number;
  /** Nova's `Date`, cut to whole seconds; undefined where the answer has none. */
  dateMs: number | undefined;
}

/**
 * The latest instant that Nova's clock is sure to have reached when ours shows `nowMs`: its date is cut to whole seconds
 * and made after the request was sent. Ours where it has told no date.
 */
export function reachedByNova(evidence: ClockEvidence | undefined, nowMs: number): number {
  if (evidence?.dateMs === undefined) return nowMs;
  return evidence.dateMs + nowMs - evidence.receivedMs;
}

/** The latest instant that both clocks have reached: one that jumps ahead must not count what is still to come. */
export function reachedByBoth(evidence: ClockEvidence | undefined, nowMs: number): number {
  return Math.min(nowMs, reachedByNova(evidence, nowMs));
}

/** How far Nova's clock is ahead of ours (negative: behind): the least that agrees with its date, 0 without one. */
export function clockSkew({ sentMs, receivedMs, dateMs }: ClockEvidence): number {
  return dateMs === undefined ? 0 : nearestToZero(dateMs - receivedMs, dateMs + 999 - sentMs);
}

/**
 * The end that Nova is asked for. The last window on the way is asked for up to now, beyond its end: Nova would leave
 * out a server that was launched anew between the two, though it was there before.
 */
export function askedEnd(windowEndMs: number, targetMs: number, novaNowMs: number): number {
  return windowEndMs < targetMs ? windowEndMs : Math.max(windowEndMs, wholeSeconds(novaNowMs));
}

/**
 * The end up to which an answer may be folded in, now that more is known of Nova's time: it cuts an end that lies in
 * its future to its present, and `stopMs` is the end that it used (undefined for an answer without servers).
 */
export function settledEnd(
  { windowEndMs, askedEndMs, settlingDelayMs }: AskedWindow,
  evidence: ClockEvidence,
  stopMs: number | undefined,
): number {
  const wasCut = stopMs !== undefined && stopMs < askedEndMs;
  const novaNowMs = wasCut ? stopMs : evidence.sentMs + clockSkew(evidence);
  return Math.min(windowEndMs, settledUntil(novaNowMs, settlingDelayMs));
}

export interface AskedWindow {
  windowEndMs: number;
  askedEndMs: number;
  settlingDelayMs: number;
}

function nearestToZero(lowest: number, highest: number): number {
  if (lowest > 0) return lowest;
  return highest < 0 ? highest : 0;
}

function wholeSeconds(instantMs: number): number {
  return Math.floor(instantMs / 1000) * 1000;
}
