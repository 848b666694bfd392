import { ProtobufError, ProtobufReader } from './protobuf-reader.ts';
import type { Labels } from '../sample.ts';
import { NAME_LABEL } from '../selectors/selectors.ts';
import type { Steps } from '../steps.ts';

/** A series with its samples, as remote read and remote write carry it. */
export interface TimeSeries {
  name: string;
  labels: Labels;
  samples: { value: number; timestampMs: number }[];
}

/** A counter of a message's parts. It throws `ProtobufError` at the first part beyond `maxItems`. */
export function itemBudget(maxItems: number, items = 'series and samples'): () => void {
  let left = maxItems;
  return () => {
    left -= 1;
    if (left < 0) throw new ProtobufError(`the message has more than ${maxItems} ${items}`);
  };
}

/** Counts series, samples and labels. Throws `ProtobufError` at the first one beyond its limit. */
export class ItemBudget {
  readonly item: () => void;
  readonly #maxLabels: number;
  #labels = 0;
  #labelsOfSeries = 0;

  constructor(maxItems: number, maxLabels = maxItems) {
    this.item = itemBudget(maxItems);
    this.#maxLabels = maxLabels;
  }

  series(): void {
    this.item();
    this.#labelsOfSeries = 0;
  }

  /** Counts all labels of a series that was counted before. */
  labels(count: number): void {
    this.#labels += count - 1;
    this.label();
  }

  readonly label = (): void => {
    this.#labels += 1;
    this.#labelsOfSeries += 1;
    if (this.#labels > this.#maxLabels)
      throw new ProtobufError(`the message has more than ${this.#maxLabels} labels`);
    if (this.#labelsOfSeries > MAX_LABELS_OF_SERIES)
      throw new ProtobufError(`a series has more than ${MAX_LABELS_OF_SERIES} labels`);
  };
}

/** A real series has about a dozen labels. */
const MAX_LABELS_OF_SERIES = 1000;
/** The limit of a line in the text format. */
const MAX_LABEL_BYTES = 1_048_576;

/** Bytes of a message that one step reads: some milliseconds of work, even if every series is empty. */
const BYTES_IN_STEP = 16_384;

/** Decides when a step has read enough. */
export class Pace {
  #end = BYTES_IN_STEP;

  isOver({ position }: ProtobufReader): boolean {
    if (position < this.#end) return false;
    this.#end = position + BYTES_IN_STEP;
    return true;
  }

  /** Reports bytes that were only compared. They take little time, so a step has eight times as many of them. */
  compared(bytes: number): void {
    this.#end += bytes - bytes / 8;
  }
}

const LABELS = 1;
export const SAMPLES = 2;

/** The name and labels that identify a series. */
export type SeriesIdentity = Pick<TimeSeries, 'name' | 'labels'>;

/** A series whose labels are still the bytes of its `Label` messages, with one character for each byte. */
interface RawSeries {
  labels: string;
  samples: TimeSeries['samples'];
}

/**
 * Reads a `TimeSeries` of prompb/types.proto and ignores exemplars and native histograms. The series, its samples and its
 * labels count against `budget`, because an empty one takes two bytes on the wire and far more in memory.
 */
export function* timeSeriesSteps(message: ProtobufReader, budget: ItemBudget, pace: Pace): Steps<RawSeries> {
  budget.series();
  const samples: TimeSeries['samples'] = [];
  let labels = message.leading(LABELS, budget.label);
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === SAMPLES) {
      budget.item();
      samples.push(readSample(message.message()));
    } else if (field === LABELS) message.message();
    else message.skip();
    labels += message.leading(LABELS, budget.label);
    if (labels.length > MAX_LABEL_BYTES) break;
    if (pace.isOver(message)) yield;
  }
  if (labels.length > MAX_LABEL_BYTES)
    throw new ProtobufError(`a series has more than ${MAX_LABEL_BYTES} bytes of labels`);
  return { labels, samples };
}

/** The number of `Label` messages. */
export function countLabels(labels: string): number {
  let count = 0;
  new ProtobufReader(Buffer.from(labels, 'latin1')).leading(LABELS, () => void (count += 1));
  return count;
}

/** A series from the bytes of its `Label` messages. Throws `ProtobufError`. */
export function readSeries(labels: string): SeriesIdentity {
  return readPlainSeries(labels) ?? readAnySeries(labels);
}

const NAME_FIELD = 0x0a;
const VALUE_FIELD = 0x12;

/**
 * The fast way for plain lists of labels: all ASCII, and no text longer than 127 bytes, so that each length takes one
 * byte. Most lists are plain. Undefined for other lists, and for lists that Prometheus would not write like this.
 */
export function readPlainSeries(labels: string): SeriesIdentity | undefined {
  if (/[^\0-\x7f]/.test(labels)) return undefined;
  const collected = new LabelCollector();
  for (let at = 0; at < labels.length;) {
    const end = at + 2 + labels.charCodeAt(at + 1);
    const nameEnd = at + 4 + labels.charCodeAt(at + 3);
    const valueEnd = nameEnd + 2 + labels.charCodeAt(nameEnd + 1);
    const isPlain =
      labels.charCodeAt(at) === LABELS * 8 + 2 &&
      labels.charCodeAt(at + 2) === NAME_FIELD &&
      labels.charCodeAt(nameEnd) === VALUE_FIELD &&
      valueEnd === end &&
      end <= labels.length;
    if (!isPlain) return undefined;
    collected.add(labels.slice(at + 4, nameEnd), labels.slice(nameEnd + 2, end));
    at = end;
  }
  return collected.finish();
}

/** The general way. Throws `ProtobufError`. */
export function readAnySeries(labels: string): SeriesIdentity {
  const message = new ProtobufReader(Buffer.from(labels, 'latin1'));
  const collected = new LabelCollector();
  for (let field = message.next(); field !== 0; field = message.next()) collected.read(message.message());
  return collected.finish();
}

/** Gathers `Label` messages into a name and labels. Throws `ProtobufError` for a repeated label. */
class LabelCollector {
  #name = '';
  readonly #labels: Record<string, string> = {};

  read(message: ProtobufReader): void {
    let name = '';
    let value = '';
    for (let field = message.next(); field !== 0; field = message.next()) {
      if (field === 1) name = message.text();
      else if (field === 2) value = message.text();
      else message.skip();
    }
    this.add(name, value);
  }

  add(name: string, value: string): void {
    if (Object.hasOwn(this.#labels, name) || (name === NAME_LABEL && this.#name !== ''))
      throw new ProtobufError('a label appears twice');
    if (name === NAME_LABEL) this.#name = value;
    else if (name === '__proto__')
      Object.defineProperty(this.#labels, name, { value, enumerable: true, writable: true });
    else this.#labels[name] = value;
  }

  finish(): { name: string; labels: Labels } {
    return { name: this.#name, labels: this.#labels };
  }
}

export function readSample(message: ProtobufReader): TimeSeries['samples'][number] {
  let [value, timestampMs] = [0, 0];
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 1) value = message.double();
    else if (field === 2) timestampMs = message.int64();
    else message.skip();
  }
  return { value, timestampMs };
}
