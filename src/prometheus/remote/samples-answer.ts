import { ProtobufError } from './protobuf-reader.ts';
import { readSeries, type SeriesIdentity } from './time-series.ts';

// Writes ReadResponse, QueryResult, TimeSeries and Sample of prompb/ of Prometheus.

/** The memory that a series takes besides the bytes of its labels and samples. */
const SERIES_BYTES = 256;
const FIRST_BYTES = 256;

/** Counts bytes in memory. Throws if there are too many. */
export type Spend = (bytes: number) => void;

/** The samples of one query, gathered series by series in the encoding of the answer. */
export class QueryResult {
  readonly #series = new Map<string, GatheredSeries>();
  readonly #spend: Spend;

  constructor(spend: Spend) {
    this.#spend = spend;
  }

  /**
   * The series whose `Label` messages are `labels`, with one character for each byte. `check` may refuse a new series by
   * throwing.
   */
  series(labels: string, check: (identity: SeriesIdentity) => void): GatheredSeries {
    const known = this.#series.get(labels);
    if (known) return known;
    check(readSeries(labels));
    this.#spend(SERIES_BYTES + labels.length);
    const gathered = new GatheredSeries(this.#spend);
    this.#series.set(labels, gathered);
    return gathered;
  }

  get length(): number {
    let length = 0;
    for (const [labels, series] of this.#series)
      length += series.empty ? 0 : delimited(1, seriesLength(labels, series));
    return length;
  }

  /** The encoded series, without those that have no samples. */
  *pieces(): Generator<Buffer> {
    for (const [labels, series] of this.#series) {
      if (series.empty) continue;
      yield head(1, seriesLength(labels, series));
      yield Buffer.from(labels, 'latin1');
      yield series.samples;
    }
  }
}

function seriesLength(labels: string, { samples }: GatheredSeries): number {
  return labels.length + samples.length;
}

/** The samples of one series in the encoding of the answer. */
export class GatheredSeries {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #used = 0;
  #lastMs = -1;
  readonly #spend: Spend;

  constructor(spend: Spend) {
    this.#spend = spend;
    spend(FIRST_BYTES);
  }

  get empty(): boolean {
    return this.#used === 0;
  }

  get samples(): Buffer {
    return this.#bytes.subarray(0, this.#used);
  }

  /** Adds a sample. Throws `ProtobufError` if it is not later than the one before. */
  add(timestampMs: number, high: number, low: number): void {
    if (timestampMs <= this.#lastMs) throw new ProtobufError('the samples of a series are not in order');
    this.#lastMs = timestampMs;
    if (this.#used + MAX_SAMPLE_BYTES > this.#bytes.length) this.#grow();
    const bytes = this.#bytes;
    const start = this.#used;
    bytes[start] = 0x12;
    bytes[start + 2] = 0x09;
    bytes.writeInt32LE(low | 0, start + 3);
    bytes.writeInt32LE(high | 0, start + 7);
    bytes[start + 11] = 0x10;
    this.#used = writeVarint(bytes, start + 12, timestampMs);
    bytes[start + 1] = this.#used - start - 2;
  }

  #grow(): void {
    this.#spend(this.#bytes.length);
    const larger = Buffer.allocUnsafe(2 * this.#bytes.length);
    this.#bytes.copy(larger, 0, 0, this.#used);
    this.#bytes = larger;
  }
}

/** Field and length, field and value, field and time. A time takes at most eight bytes. */
const MAX_SAMPLE_BYTES = 2 + 9 + 1 + 8;

/** A `ReadResponse` in pieces, and their total length in bytes. */
export function samplesAnswer(results: readonly QueryResult[]): { length: number; pieces: Iterable<Buffer> } {
  const lengths = results.map((result) => result.length);
  function* pieces() {
    for (const [index, result] of results.entries()) {
      yield head(1, lengths[index] ?? 0);
      yield* result.pieces();
    }
  }
  return { length: lengths.reduce((sum, length) => sum + delimited(1, length), 0), pieces: pieces() };
}

/** The length of a whole field whose content has `length` bytes. */
function delimited(field: number, length: number): number {
  return head(field, length).length + length;
}

function head(field: number, length: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = field * 8 + 2;
  return bytes.subarray(0, writeVarint(bytes, 1, length));
}

function writeVarint(bytes: Buffer, start: number, value: number): number {
  let at = start;
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes[at++] = (rest % 128) + 128;
  bytes[at++] = rest;
  return at;
}
