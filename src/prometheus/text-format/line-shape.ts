import { isPlainLabelName, isPlainMetricName } from '../metric-names.ts';
import type { Sample } from '../sample.ts';
import { isBlank, NEWLINE, QUOTE } from './text-format-characters.ts';

/** In bytes. Longer lines have no shape, so that a shape needs little memory. */
const MAX_LINE_BYTES = 4096;
const MAX_LABELS = 64;

/**
 * A metric name and its label names, as Prometheus writes them: `name{a="…",b="…"} 1 5`. Finds lines of this shape by their
 * bytes, without text. Labels whose values are those of the line before cost one comparison.
 */
export class LineShape {
  readonly name: string;
  readonly labelNames: readonly string[];
  /** The bytes before each label value, and before the sample's value. */
  readonly #parts: readonly Buffer[];
  /** Where the label values of the last line start and end, counted from the start of the line. */
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  #last: DataView;
  #lastStart = 0;
  /** The bytes of the last line up to the end of its labels; 0 without a last line. */
  #lastBytes = 0;
  #own: Buffer = Buffer.alloc(0);
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
    const before = labelNames.map((label, index) => `${index === 0 ? `${name}{` : '",'}${label}="`);
    const last = labelNames.length === 0 ? `${name} ` : '"} ';
    this.#parts = [...before, last].map((part) => Buffer.from(part));
    this.#starts = new Int32Array(labelNames.length);
    this.#ends = new Int32Array(labelNames.length);
    this.#last = viewOf(this.#own);
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
    this.#unchanged = this.#countUnchanged(view, start);
    let at = start + (this.#unchanged === 0 ? 0 : (this.#ends[this.#unchanged - 1] as number));
    const labels = this.#ends.length;
    for (let index = this.#unchanged; index < labels; index++) {
      at = partEnd(bytes, at, this.#parts[index] as Buffer);
      const end = at === -1 ? -1 : valueEnd(bytes, at);
      if (end === -1) return this.#fail(index);
      this.#starts[index] = at - start;
      this.#ends[index] = end - start;
      at = end;
    }
    at = partEnd(bytes, at, this.#parts[labels] as Buffer);
    const end = at === -1 || at - start > MAX_LINE_BYTES ? -1 : pointEnd(bytes, at);
    if (end === -1) return this.#fail(labels);
    this.#last = view;
    this.#lastStart = start;
    this.#lastBytes = at - start;
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

  /** Copies the start of the last line, because the memory of its bytes is about to be used again. */
  keep(): void {
    const [last, length] = [this.#last, this.#lastBytes];
    if (last.buffer === this.#own.buffer || length === 0) return;
    if (this.#own.length < length) this.#own = Buffer.from(new ArrayBuffer(length));
    this.#own.set(new Uint8Array(last.buffer, last.byteOffset + this.#lastStart, length));
    this.#last = viewOf(this.#own);
    this.#lastStart = 0;
  }

  #countUnchanged(view: DataView, start: number): number {
    const limit = Math.min(this.#lastBytes, view.byteLength - start);
    const same = commonBytes(this.#last, this.#lastStart, view, start, limit);
    let count = this.#ends.length;
    while (count > 0 && (this.#ends[count - 1] as number) >= same) count--;
    return count;
  }

  /** @param index the label that does not fit. Those before it may have new places: the last line is forgotten. */
  #fail(index: number): -1 {
    if (index > this.#unchanged) this.#lastBytes = 0;
    this.#unchanged = 0;
    return -1;
  }
}

export function viewOf({ buffer, byteOffset, length }: Buffer): DataView {
  return new DataView(buffer, byteOffset, length);
}

function commonBytes(a: DataView, aStart: number, b: DataView, bStart: number, limit: number): number {
  let same = 0;
  while (same + 4 <= limit && a.getInt32(aStart + same) === b.getInt32(bStart + same)) same += 4;
  while (same < limit && a.getInt8(aStart + same) === b.getInt8(bStart + same)) same++;
  return same;
}

/** The position after `part` if the bytes at `start` are its bytes, or -1. */
function partEnd(bytes: Buffer, start: number, part: Buffer): number {
  const length = part.length;
  if (start + length > bytes.length) return -1;
  for (let at = 0; at < length; at++) if (bytes[start + at] !== part[at]) return -1;
  return start + length;
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

/** The position after the newline behind a decimal number and perhaps a time; -1 for anything else. */
function pointEnd(bytes: Buffer, start: number): number {
  let at = digitsEnd(bytes, bytes[start] === MINUS ? start + 1 : start, MAX_DIGITS.value);
  if (at !== -1 && bytes[at] === POINT) at = digitsEnd(bytes, at + 1, MAX_DIGITS.value);
  if (at !== -1 && bytes[at] === EXPONENT) {
    const signed = bytes[at + 1] === PLUS || bytes[at + 1] === MINUS;
    at = digitsEnd(bytes, signed ? at + 2 : at + 1, MAX_DIGITS.exponent);
  }
  if (at !== -1 && isBlank(bytes[at] as number)) at = digitsEnd(bytes, at + 1, MAX_DIGITS.time);
  return at !== -1 && bytes[at] === NEWLINE ? at + 1 : -1;
}

/** The position after one to `most` digits, or -1. */
function digitsEnd(bytes: Buffer, start: number, most: number): number {
  let at = start;
  // The type says that this byte exists: the last byte is a newline.
  while ((bytes[at] as number) >= 0x30 && (bytes[at] as number) <= 0x39) at++;
  return at > start && at - start <= most ? at : -1;
}
