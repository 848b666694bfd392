/** `[startMs, endMs)` */
export interface Window {
  startMs: number;
  endMs: number;
}

/**
 * The instant up to which usage may be folded in: a settling delay behind Nova's time (rule M5), in whole seconds, as in Nova's
 * own queries.
 */
export function settledUntil(novaNowMs: number, settlingDelayMs: number): number {
  return wholeSeconds(novaNowMs - settlingDelayMs);
}

/** The next window towards `targetMs`, at most `longestMs` long. Undefined if less than a second is left. */
export function nextWindow(untilMs: number, targetMs: number, longestMs: number): Window | undefined {
  const endMs = Math.min(targetMs, untilMs + longestMs);
  return endMs - untilMs >= 1000 ? { startMs: untilMs, endMs } : undefined;
}

/** Times of an answer that show Nova's clock. */
export interface ClockEvidence {
  /** When the request was sent and answered, by this machine's clock. */
  sentMs: number;
  receivedMs: number;
  /** Nova's `Date`, cut to whole seconds; undefined where the answer has none. */
  dateMs: number | undefined;
}

/**
 * The latest instant that Nova's clock has certainly reached when this machine's clock shows `nowMs`. Nova cuts its date to whole
 * seconds, and makes it after the request was sent. Without a date, the result is `nowMs`.
 */
export function reachedByNova(evidence: ClockEvidence | undefined, nowMs: number): number {
  if (evidence?.dateMs === undefined) return nowMs;
  return evidence.dateMs + nowMs - evidence.receivedMs;
}

/** The latest instant that both clocks have reached: a clock that jumps ahead must not count future usage. */
export function reachedByBoth(evidence: ClockEvidence | undefined, nowMs: number): number {
  return Math.min(nowMs, reachedByNova(evidence, nowMs));
}

/**
 * How far Nova's clock is ahead of this machine's clock (negative: behind): the smallest skew that agrees with Nova's
 * date; 0 without a date.
 */
export function clockSkew({ sentMs, receivedMs, dateMs }: ClockEvidence): number {
  return dateMs === undefined ? 0 : nearestToZero(dateMs - receivedMs, dateMs + 999 - sentMs);
}

/**
 * The end of the request to Nova. For the last window it is now, later than the window's end: Nova would leave out a server that
 * was relaunched between the two, although the server ran before.
 */
export function askedEnd(windowEndMs: number, targetMs: number, novaNowMs: number): number {
  return windowEndMs < targetMs ? windowEndMs : Math.max(windowEndMs, wholeSeconds(novaNowMs));
}

/**
 * The end up to which an answer may be folded in. The answer shows more of Nova's time: Nova cuts a future end to its present,
 * and `stopMs` is the end that it used (undefined for an answer without servers).
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
