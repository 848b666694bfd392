import { remembered } from '../remembered.ts';
import { countLabels, readSeries, type SeriesIdentity } from './time-series.ts';

/** A series of earlier requests. */
export interface RememberedSeries<Series> {
  /** The bytes of its `Label` messages, with one character for each byte. */
  readonly labels: string;
  /** The number of its labels; 0 until it is asked for. Most series of a first request are not. */
  count: number;
  readonly series: Series;
  /** Where it stands among others. */
  readonly place: Place<Series>;
}

/** Outlives its series: the series before holds it, and would keep the labels in memory. */
interface Place<Series> {
  /** Undefined once the series has left the memory. */
  known: RememberedSeries<Series> | undefined;
  /** The place of the series that came after this one the last time. */
  next: Place<Series> | undefined;
  /** Whether the series came since it was last asked to go. */
  isUsed: boolean;
}

/** The memory of a list of labels, as text and as an object. */
const bytesOfSeries = (labels: string) => 4 * labels.length + 500;

/**
 * Remembers series of earlier requests in about `maxBytes`, by the bytes of their labels. The same series come with every
 * scrape, mostly in the same order, and reading their labels takes most of the time of a request. `make` turns a name and
 * labels into what is remembered.
 */
export class SeriesMemory<Series> {
  readonly #known: (labels: string) => RememberedSeries<Series>;

  constructor(make: (identity: SeriesIdentity) => Series, maxBytes: number) {
    this.#known = remembered(
      (labels) => inPlace(labels, make(readSeries(labels))),
      maxBytes,
      bytesOfSeries,
      ({ place }) => mayGo(place),
    );
  }

  /** The series that is expected after another one. Its labels may differ from those that come. */
  after(last: RememberedSeries<Series> | undefined): RememberedSeries<Series> | undefined {
    return last?.place.next?.known;
  }

  /** The series with these bytes of labels, which comes after `last`. Throws `ProtobufError`. */
  of(labels: string, last: RememberedSeries<Series> | undefined): RememberedSeries<Series> {
    const known = this.#known(labels);
    if (last?.place.known !== undefined) last.place.next = known.place;
    return known;
  }
}

/** The number of labels of a series. */
export function labelCount(series: RememberedSeries<unknown>): number {
  if (series.count === 0) series.count = countLabels(series.labels);
  return series.count;
}

/** Not spread from another object: V8 would then take twice as long to read it. */
function inPlace<Series>(labels: string, series: Series): RememberedSeries<Series> {
  const place: Place<Series> = { known: undefined, next: undefined, isUsed: false };
  const known = { labels, count: 0, series, place };
  place.known = known;
  return known;
}

/** A series that goes leaves an empty place, so that it does not stay in memory for others, and they do not stay for it. */
function mayGo(place: Place<unknown>): boolean {
  const { isUsed } = place;
  place.isUsed = false;
  if (!isUsed) place.known = place.next = undefined;
  return !isUsed;
}
