import { ProtobufReader } from './protobuf-reader.ts';
import { labelCount, type RememberedSeries, type SeriesMemory } from './series-memory.ts';
import { snappySteps } from './snappy.ts';
import type { Steps } from '../steps.ts';
import { ItemBudget, Pace, readSample, SAMPLES, timeSeriesSteps } from './time-series.ts';

/** Limits of one request. */
export interface WriteLimits {
  /** Bytes after decompression. */
  maxBytes: number;
  /** Series and samples together. */
  maxSamples: number;
}

/** A request may have this many labels for each sample of `maxSamples`. */
const LABELS_PER_SAMPLE = 8;
/** Samples of one series that one step passes on. */
const SAMPLES_IN_STEP = 2000;

/** Receives a sample of a series. The time is Unix milliseconds. */
export type TakeSample<Series> = (series: Series, value: number, timestampMs: number) => void;

/**
 * Calls `take` with each sample of the body of a remote write 1.0 request. Ignores metadata, exemplars and native
 * histograms. Throws `SnappyError` or `ProtobufError`.
 * Source: https://prometheus.io/docs/specs/prw/remote_write_spec/ and prompb/remote.proto.
 */
export function* writeRequestSteps<Series>(
  body: Uint8Array,
  { maxBytes, maxSamples }: WriteLimits,
  memory: SeriesMemory<Series>,
  take: TakeSample<Series>,
): Steps<void> {
  const message = new ProtobufReader(yield* snappySteps(body, maxBytes));
  const budget = new ItemBudget(maxSamples, LABELS_PER_SAMPLE * maxSamples);
  const pace = new Pace();
  let last: RememberedSeries<Series> | undefined;
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (pace.isOver(message)) yield;
    if (field !== 1) {
      message.skip();
      continue;
    }
    const part = message.message();
    const expected = memory.after(last);
    if (expected !== undefined && tookExpected(part, expected, budget, take)) {
      pace.compared(expected.labels.length);
      last = expected;
      continue;
    }
    const { labels, samples } = yield* timeSeriesSteps(part, budget, pace);
    last = memory.of(labels, last);
    for (const [index, { value, timestampMs }] of samples.entries()) {
      if (index % SAMPLES_IN_STEP === SAMPLES_IN_STEP - 1) yield;
      take(last.series, value, timestampMs);
    }
  }
}

/** Takes the sample of a series if it is the expected one, with one sample. If not, returns to the start of the series. */
function tookExpected<Series>(
  part: ProtobufReader,
  expected: RememberedSeries<Series>,
  budget: ItemBudget,
  take: TakeSample<Series>,
): boolean {
  const start = part.position;
  if (!part.passes(expected.labels)) return false;
  const sample = part.next() === SAMPLES ? readSample(part.message()) : undefined;
  if (sample === undefined || part.next() !== 0) {
    part.returnTo(start);
    return false;
  }
  budget.series();
  budget.labels(labelCount(expected));
  budget.item();
  expected.place.isUsed = true;
  take(expected.series, sample.value, sample.timestampMs);
  return true;
}
