import { isPlainLabelName, isPlainMetricName } from '../metric-names.ts';
import type { Sample } from '../sample.ts';
import { isBlank, NEWLINE, QUOTE } from './text-format-characters.ts';

/** In bytes. Longer lines have no shape, so that a shape needs little memory. */
const MAX_LINE_BYTES = 4096;
const MAX_LABELS = 64;

/**
 * A metric name and its label names, as Prometheus writes them: `name{a="…",b="…"} 1 5`. Finds lines of this shape by their
 * bytes, without text. Bytes that are equal to those of the line before are only compared.
 */
export class LineShape {
  readonly name: string;
  readonly labelNames: readonly string[];
  /** The start of a line with empty values. It is compared with the first line. */
  readonly #empty: DataView;
  readonly #emptyValues: Int32Array;
  /** Where the label values of the last line start and end. All places count from the start of the line. */
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  #last: DataView;
  #lastStart = 0;
  /** Where the number of the last line starts and ends, and where its time and newline end. */
  #numberStart = 0;
  #numberEnd = 0;
  #lineEnd = 0;
  /** The memory of a copy of the last line. */
  #own = new DataView(new ArrayBuffer(0));
  #unchanged = 0;

  /** The shape of a sample's line; undefined if its names need quotes, or if it would be too long. */
  static of({ name, labels }: Pick<Sample, 'name' | 'labels'>): LineShape | undefined {
    const labelNames = Object.keys(labels);
    const plain = labelNames.every((label) => isPlainLabelName(label) && label !== '__proto__');
    const length = labelNames.reduce((sum, label) => sum + label.length, name.length);
    if (!plain || !isPlainMetricName(name) || labelNames.length > MAX_LABELS || length > MAX_LINE_BYTES)
      return undefined;
    return new LineShape(name, labelNames);
  }

  private constructor(name: string, labelNames: readonly string[]) {
    this.name = name;
    this.labelNames = labelNames;
    let start = name;
    const values = labelNames.map(
      (label, index) => (start += `${index === 0 ? '{' : '",'}${label}="`).length,
    );
    this.#empty = viewOf(Buffer.from(`${start}${labelNames.length === 0 ? ' ' : '"} '}`));
    this.#emptyValues = Int32Array.from(values);
    this.#starts = this.#emptyValues.slice();
    this.#ends = this.#emptyValues.slice();
    this.#last = this.#empty;
    this.#forget();
  }

  /** How many labels, counted from the first, have the values that they had in the line before. */
  get unchanged(): number {
    return this.#unchanged;
  }

  /**
   * The position after the line that starts at `start`, newline included; -1 if the line has another shape, or anything
   * unusual. The last of `bytes` is a newline. They must not change before `keep` is called.
   * @param view the same bytes
   */
  match(bytes: Buffer, view: DataView, start: number): number {
    const number = this.#matchLabels(bytes, view, start);
    if (number === -1) return -1;
    const time = number - start > MAX_LINE_BYTES ? -1 : numberEnd(bytes, number);
    const end = time === -1 ? -1 : this.#matchTime(bytes, view, time);
    if (end === -1) return this.#fail(this.#ends.length);
    this.#last = view;
    this.#lastStart = start;
    this.#numberStart = number - start;
    this.#numberEnd = time - start;
    this.#lineEnd = end - start;
    return end;
  }

  /** The value of a label in the last line, which is in `bytes` at `start`. */
  value(bytes: Buffer, start: number, index: number): string {
    return bytes.toString(
      'utf8',
      start + (this.#starts[index] as number),
      start + (this.#ends[index] as number),
    );
  }

  /** Copies the last line, because the memory of its bytes is about to be used again. */
  keep(): void {
    const [last, length] = [this.#last, this.#lineEnd];
    if (last === this.#empty || last === this.#own) return;
    if (this.#own.byteLength < length) this.#own = new DataView(new ArrayBuffer(length));
    new Uint8Array(this.#own.buffer).set(
      new Uint8Array(last.buffer, last.byteOffset + this.#lastStart, length),
    );
    this.#last = this.#own;
    this.#lastStart = 0;
  }

  /** The position of the number, or -1. Reads only what differs from the last line. */
  #matchLabels(bytes: Buffer, view: DataView, start: number): number {
    const starts = this.#starts;
    const ends = this.#ends;
    let index = 0;
    let at = start;
    // `place` is the place in the last line that `at` is compared with.
    for (let place = 0; ;) {
      const moved = at - start - place;
      const same = this.#commonBytes(place, this.#numberStart, view, at, bytes.length);
      at += same;
      place += same;
      for (; index < ends.length && (ends[index] as number) < place; index++) {
        starts[index] = (starts[index] as number) + moved;
        ends[index] = (ends[index] as number) + moved;
      }
      const isFirst = place === same;
      if (isFirst) this.#unchanged = this.#last === this.#empty ? 0 : index;
      if (index === ends.length) return place === this.#numberStart ? at : this.#fail(index);
      // The value's bytes before `at` are those of a known value. If `at` is before the value, a name differs.
      const valueStart = starts[index] as number;
      const end = place < valueStart ? -1 : valueEnd(bytes, at);
      if (end === -1) return this.#fail(index);
      place = ends[index] as number;
      starts[index] = valueStart + moved;
      ends[index++] = end - start;
      at = end;
    }
  }

  /** The position after the time and the newline that follow a number, or -1. */
  #matchTime(bytes: Buffer, view: DataView, at: number): number {
    const length = this.#lineEnd - this.#numberEnd;
    const isEqual =
      length > 0 && this.#commonBytes(this.#numberEnd, this.#lineEnd, view, at, bytes.length) === length;
    return isEqual ? at + length : timeEnd(bytes, at);
  }

  /** How many bytes from `at` are equal to those of the last line from `place`. Stops at either end. */
  #commonBytes(place: number, placeEnd: number, view: DataView, at: number, atEnd: number): number {
    const limit = Math.min(placeEnd - place, atEnd - at);
    return commonBytes(this.#last, this.#lastStart + place, view, at, limit);
  }

  /** @param index the label that does not fit. Those before it may have new places: the last line is forgotten. */
  #fail(index: number): -1 {
    if (index > this.#unchanged) this.#forget();
    this.#unchanged = 0;
    return -1;
  }

  #forget(): void {
    this.#starts.set(this.#emptyValues);
    this.#ends.set(this.#emptyValues);
    this.#last = this.#empty;
    this.#lastStart = 0;
    this.#numberStart = this.#numberEnd = this.#lineEnd = this.#empty.byteLength;
  }
}

export function viewOf({ buffer, byteOffset, length }: Buffer): DataView {
  return new DataView(buffer, byteOffset, length);
}

/**
 * How many bytes from `aStart` and from `bStart` are equal, up to `limit`. Compares eight bytes as one number: equal numbers
 * have equal bytes except for the two zeros, and `a` has no bytes of zero.
 */
function commonBytes(a: DataView, aStart: number, b: DataView, bStart: number, limit: number): number {
  let same = 0;
  while (same + 8 <= limit && a.getFloat64(aStart + same, true) === b.getFloat64(bStart + same, true))
    same += 8;
  while (same < limit && a.getInt8(aStart + same) === b.getInt8(bStart + same)) same++;
  return same;
}

/**
 * 1 for bytes that stand for themselves in a label value. Control characters and 0xe2, the first byte of the separators of
 * lines U+2028 and U+2029, are left to the parser of text.
 */
const ORDINARY = Uint8Array.from({ length: 256 }, (_, byte) => {
  const special = byte < 0x20 || byte === 0x7f || byte === 0xe2 || byte === QUOTE || byte === 0x5c;
  return special ? 0 : 1;
});

/** The position of the quote that ends a label value; -1 if the value has anything unusual. */
function valueEnd(bytes: Buffer, start: number): number {
  let at = start;
  while (ORDINARY[bytes[at] as number] === 1) at++;
  return bytes[at] === QUOTE ? at : -1;
}

/** Every such number is finite, and every such time is a safe integer. */
const MAX_DIGITS = { value: 30, exponent: 2, time: 15 };
const [MINUS, PLUS, POINT, EXPONENT] = [0x2d, 0x2b, 0x2e, 0x65];

/** The position after a decimal number, or -1. */
function numberEnd(bytes: Buffer, start: number): number {
  let at = digitsEnd(bytes, bytes[start] === MINUS ? start + 1 : start, MAX_DIGITS.value);
  if (at !== -1 && bytes[at] === POINT) at = digitsEnd(bytes, at + 1, MAX_DIGITS.value);
  if (at !== -1 && bytes[at] === EXPONENT) {
    const signed = bytes[at + 1] === PLUS || bytes[at + 1] === MINUS;
    at = digitsEnd(bytes, signed ? at + 2 : at + 1, MAX_DIGITS.exponent);
  }
  return at;
}

/** The position after the newline behind a time, or behind nothing; -1 for anything else. */
function timeEnd(bytes: Buffer, start: number): number {
  const at = isBlank(bytes[start] as number) ? digitsEnd(bytes, start + 1, MAX_DIGITS.time) : start;
  return at !== -1 && bytes[at] === NEWLINE ? at + 1 : -1;
}

/** The position after one to `most` digits, or -1. */
function digitsEnd(bytes: Buffer, start: number, most: number): number {
  let at = start;
  // The type says that this byte exists: the last byte is a newline.
  while ((bytes[at] as number) >= 0x30 && (bytes[at] as number) <= 0x39) at++;
  return at > start && at - start <= most ? at : -1;
}
