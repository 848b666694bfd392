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
  /** Nova's `Date`, cut to whole seconds. */
  dateMs: number | undefined;
  /** The end that Nova used. */
  stopMs: number | undefined;
}

/**
 * How far Nova's clock is ahead of ours (negative: behind): the smallest difference that agrees with the evidence.
 * Nova cuts an end that lies in its future to its present: such a `stop` is its time.
 */
export function clockSkew(evidence: ClockEvidence, askedEndMs: number): number {
  const { sentMs, receivedMs, dateMs, stopMs } = evidence;
  if (stopMs !== undefined && stopMs < askedEndMs) return nearestToZero(stopMs - receivedMs, stopMs - sentMs);
  return dateMs === undefined ? 0 : nearestToZero(dateMs - receivedMs, dateMs + 999 - sentMs);
}

/** The end up to which an answer may be folded in, once it is known what time it was for Nova. */
export function settledEnd(evidence: ClockEvidence, askedEndMs: number, settlingDelayMs: number): number {
  const { sentMs, stopMs } = evidence;
  const novaThenMs = Math.min(
    sentMs + clockSkew(evidence, askedEndMs),
    stopMs !== undefined && stopMs < askedEndMs ? stopMs : Number.POSITIVE_INFINITY,
  );
  return Math.min(askedEndMs, settledUntil(novaThenMs, settlingDelayMs));
}

function nearestToZero(lowest: number, highest: number): number {
  if (lowest > 0) return lowest;
  return highest < 0 ? highest : 0;
}

function wholeSeconds(instantMs: number): number {
  return Math.floor(instantMs / 1000) * 1000;
}
