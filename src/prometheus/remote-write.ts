import { ProtobufReader } from './protobuf-reader.ts';
import type { Sample } from './sample.ts';
import { fromSnappy } from './snappy.ts';
import { remembered } from './remembered.ts';
import { itemBudget, readSeries, readTimeSeries, type SeriesOf } from './time-series.ts';

/** What one request may hold. */
export interface WriteLimits {
  /** After decompression. */
  maxBytes: number;
  /** Series and samples together. */
  maxSamples: number;
}

/**
 * The samples of a remote write 1.0 request, as it comes over the wire; throws `SnappyError` or `ProtobufError`.
 * Metadata, exemplars and native histograms are passed over.
 * Source: https://prometheus.io/docs/specs/prw/remote_write_spec/ and prompb/remote.proto.
 */
export function decodeWriteRequest(
  body: Uint8Array,
  { maxBytes, maxSamples }: WriteLimits,
  seriesOf: SeriesOf = readSeries,
): Sample[] {
  const message = new ProtobufReader(fromSnappy(body, maxBytes));
  const all: Sample[] = [];
  const spend = itemBudget(maxSamples);
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field !== 1) {
      message.skip();
      continue;
    }
    const { name, labels, samples } = readTimeSeries(message.message(), spend, seriesOf);
    for (const { value, timestampMs } of samples) all.push({ name, labels, value, timestampMs });
  }
  return all;
}

/** Of a list of labels as text and as an object. */
const bytesOfSeries = (labels: string) => 4 * labels.length + 500;

/**
 * Reads series, and remembers the last of them, in `maxBytes`, by the bytes of their labels: the same come with every scrape, and
 * to read them takes most of the time of a request.
 */
export function rememberedSeries(maxBytes: number): SeriesOf {
  return remembered(readSeries, maxBytes, bytesOfSeries);
}
