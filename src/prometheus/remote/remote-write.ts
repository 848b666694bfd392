import { ProtobufReader } from './protobuf-reader.ts';
import type { Sample } from '../sample.ts';
import { snappySteps } from './snappy.ts';
import { remembered } from '../remembered.ts';
import type { Steps } from '../steps.ts';
import { ItemBudget, Pace, readSeries, timeSeriesSteps, type SeriesOf } from './time-series.ts';

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

/**
 * Calls `take` with each sample of the body of a remote write 1.0 request. Ignores metadata, exemplars and native
 * histograms. Throws `SnappyError` or `ProtobufError`.
 * Source: https://prometheus.io/docs/specs/prw/remote_write_spec/ and prompb/remote.proto.
 */
export function* writeRequestSteps(
  body: Uint8Array,
  { maxBytes, maxSamples }: WriteLimits,
  take: (sample: Sample) => void,
  seriesOf: SeriesOf = readSeries,
): Steps<void> {
  const message = new ProtobufReader(yield* snappySteps(body, maxBytes));
  const budget = new ItemBudget(maxSamples, LABELS_PER_SAMPLE * maxSamples);
  const pace = new Pace();
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (pace.isOver(message)) yield;
    if (field !== 1) {
      message.skip();
      continue;
    }
    const { name, labels, samples } = yield* timeSeriesSteps(message.message(), budget, pace, seriesOf);
    for (const [index, { value, timestampMs }] of samples.entries()) {
      if (index % SAMPLES_IN_STEP === SAMPLES_IN_STEP - 1) yield;
      take({ name, labels, value, timestampMs });
    }
  }
}

/** The memory of a list of labels, as text and as an object. */
const bytesOfSeries = (labels: string) => 4 * labels.length + 500;

/**
 * Reads series with a cache of `maxBytes`, keyed by the bytes of their labels. The same series come with every scrape, and
 * reading them takes most of the time of a request.
 */
export function rememberedSeries(maxBytes: number): SeriesOf {
  return remembered(readSeries, maxBytes, bytesOfSeries);
}
