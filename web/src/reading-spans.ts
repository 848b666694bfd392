import type { SiteStatus } from './api.ts';
import type { BucketCoverage } from './coverage.ts';
import { stepMs, type Span } from './period.ts';
import { LATE_AFTER_MS } from './site-state.ts';

/** From when to when a site has been read, Unix milliseconds. */
export interface ReadingSpan {
  firstMs: number;
  lastMs: number;
}

export function readingSpans(sites: readonly SiteStatus[]): ReadingSpan[] {
  return sites.flatMap(({ first_reading_at: first, last_reading_at: last }) =>
    first === null || last === null ? [] : [{ firstMs: Date.parse(first), lastMs: Date.parse(last) }],
  );
}

/**
 * How a time is known of which the ledger has no entry. It enters what was used, so that between a site's first and
 * last reading there was no usage; what no reading reaches is missing as soon as one is due.
 */
export function coverageWithoutEntry(
  fromMs: number,
  toMs: number,
  spans: readonly ReadingSpan[],
  nowMs: number,
): BucketCoverage {
  const begun = spans.filter(({ firstMs }) => firstMs < toMs);
  const isDue = toMs + LATE_AFTER_MS <= nowMs;
  if (isDue && begun.some(({ lastMs }) => lastMs < toMs)) return 'missing';
  return begun.some(({ lastMs }) => lastMs > fromMs) ? 'measured' : 'none';
}

/** The same for each hour or day of a span, by its start. */
export function withoutRowIn(
  { step }: Span,
  spans: readonly ReadingSpan[],
  nowMs: number,
): (startMs: number) => BucketCoverage {
  return (startMs) => coverageWithoutEntry(startMs, startMs + stepMs(step), spans, nowMs);
}
