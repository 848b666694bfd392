import { remembered } from '../remembered.ts';
import { readSeries, type SeriesIdentity } from './time-series.ts';

/** A series of earlier requests. */
export interface KnownSeries<Series> {
  /** The bytes of its `Label` messages, with one character for each byte. */
  readonly labels: string;
  /** The number of its labels. */
  readonly count: number;
  readonly series: Series;
  /** The series that came after this one the last time. */
  next: KnownSeries<Series> | undefined;
  /** Whether it came since it was last asked to go. */
  isUsed: boolean;
  isGone: boolean;
}

/** The memory of a list of labels, as text and as an object. */
const bytesOfSeries = (labels: string) => 4 * labels.length + 500;

/**
 * Remembers series of earlier requests in about `maxBytes`, by the bytes of their labels. The same series come with every
 * scrape, mostly in the same order, and reading their labels takes most of the time of a request. `make` turns a name and
 * labels into what is remembered.
 */
export class SeriesMemory<Series> {
  readonly #known: (labels: string, count: number) => KnownSeries<Series>;

  constructor(make: (identity: SeriesIdentity) => Series, maxBytes: number) {
    let labelCount = 0;
    const known = remembered(
      (labels): KnownSeries<Series> => ({
        labels,
        count: labelCount,
        series: make(readSeries(labels)),
        next: undefined,
        isUsed: false,
        isGone: false,
      }),
      maxBytes,
      bytesOfSeries,
      mayGo,
    );
    this.#known = (labels, count) => {
      labelCount = count;
      return known(labels);
    };
  }

  /** The series that is expected after another one. Its labels may differ from those that come. */
  after(last: KnownSeries<Series> | undefined): KnownSeries<Series> | undefined {
    const next = last?.next;
    return next === undefined || next.isGone ? undefined : next;
  }

  /** The series with these bytes of `count` labels, which comes after `last`. Throws `ProtobufError`. */
  of(labels: string, count: number, last: KnownSeries<Series> | undefined): KnownSeries<Series> {
    const known = this.#known(labels, count);
    if (last?.isGone === false) last.next = known;
    return known;
  }
}

/** A series that goes must not keep those in memory that came after it. */
function mayGo<Series>(known: KnownSeries<Series>): boolean {
  known.isGone = !known.isUsed;
  known.isUsed = false;
  if (known.isGone) known.next = undefined;
  return known.isGone;
}
