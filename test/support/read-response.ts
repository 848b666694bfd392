import { readResponseSteps } from '../../src/prometheus/remote/remote-read.ts';
import type { TimeSeries } from '../../src/prometheus/remote/time-series.ts';
import { atOnce } from '../../src/prometheus/steps.ts';

/** The series of each query of an answer with samples, up to the last query that has some. */
export function decodeReadResponse(body: Uint8Array, maxBytes: number, maxItems?: number): TimeSeries[][] {
  const results: TimeSeries[][] = [];
  const take = (series: TimeSeries, query: number) => void (results[query] ??= []).push(series);
  atOnce(readResponseSteps(body, { maxBytes, maxItems }, take));
  return Array.from(results, (series) => series ?? []);
}
