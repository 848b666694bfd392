/** Bytes that are not a valid message of the expected type. */
export class ProtobufError extends Error {
  override readonly name = 'ProtobufError';
}

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;
const TWO_32 = 4_294_967_296;
const SHORT_TEXT = 64;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads one message of protobuf, field by field. Source: https://protobuf.dev/programming-guides/encoding/.
 * Every read checks that it stays within the message, and throws `ProtobufError` if it does not.
 */
export class ProtobufReader {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  readonly #end: number;
  #at: number;
  #wireType = VARINT;
  #low = 0;
  #high = 0;

  /** Nested messages share the `view` of the outer one: creating a view costs more than reading most messages. */
  constructor(
    bytes: Buffer,
    start = 0,
    end = bytes.length,
    view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  ) {
    this.#bytes = bytes;
    this.#view = view;
    this.#at = start;
    this.#end = end;
  }

  /** The number of bytes before the next field. */
  get position(): number {
    return this.#at;
  }

  /** Goes to the next field and returns its number; 0 at the end. */
  next(): number {
    if (this.#at === this.#end) return 0;
    const tag = this.#unsigned();
    this.#wireType = tag & 7;
    const field = Math.floor(tag / 8);
    return field === 0 ? fail('a field has no number') : field;
  }

  /** An enum or a small number. */
  number(): number {
    this.#expect(VARINT);
    return this.#unsigned();
  }

  /** The numbers of a repeated field: one if the list is written one by one, all if it is packed. */
  numbers(): number[] {
    if (this.#wireType !== BYTES) return [this.number()];
    const packed = this.message();
    const all: number[] = [];
    while (packed.#at < packed.#end) all.push(packed.#unsigned());
    return all;
  }

  /** An int64 that fits into a JavaScript number. */
  int64(): number {
    this.#expect(VARINT);
    this.#varint();
    const value = (this.#high | 0) * TWO_32 + this.#low;
    return Number.isSafeInteger(value) ? value : fail('a number is too large');
  }

  double(): number {
    this.#expect(FIXED64);
    const start = this.#take(8);
    return this.#view.getFloat64(start, true);
  }

  text(): string {
    const start = this.#lengthDelimited();
    return textOf(this.#bytes, start, this.#at);
  }

  /** A view of the message's memory, not a copy. */
  bytes(): Buffer {
    const start = this.#lengthDelimited();
    return this.#bytes.subarray(start, this.#at);
  }

  message(): ProtobufReader {
    const start = this.#lengthDelimited();
    return new ProtobufReader(this.#bytes, start, this.#at, this.#view);
  }

  /**
   * Passes the messages of `field` that come next without a break, and calls `count` for each. Returns their bytes, with
   * one character for each byte.
   */
  leading(field: number, count: () => void = () => undefined): string {
    const start = this.#at;
    for (let at = start; this.#at < this.#end; at = this.#at) {
      if (this.#unsigned() === field * 8 + BYTES) {
        count();
        this.#take(this.#unsigned());
      } else {
        this.#at = at;
        break;
      }
    }
    return this.#bytes.toString('latin1', start, this.#at);
  }

  /** Passes `bytes`, with one character for each byte, if they come next. Returns whether they do. */
  passes(bytes: string): boolean {
    const end = this.#at + bytes.length;
    if (end > this.#end || this.#bytes.toString('latin1', this.#at, end) !== bytes) return false;
    this.#at = end;
    return true;
  }

  /** Goes back to an earlier `position`. */
  returnTo(position: number): void {
    this.#at = position;
  }

  /** Passes over an unknown field. */
  skip(): void {
    if (this.#wireType === VARINT) this.#varint();
    else if (this.#wireType === FIXED64) this.#take(8);
    else if (this.#wireType === BYTES) this.#lengthDelimited();
    else if (this.#wireType === FIXED32) this.#take(4);
    else fail('a field has an unknown wire type');
  }

  #expect(wireType: number): void {
    if (this.#wireType !== wireType) fail('a field has the wrong wire type');
  }

  /** Passes the bytes of a field and returns the position of the first one. */
  #lengthDelimited(): number {
    this.#expect(BYTES);
    return this.#take(this.#unsigned());
  }

  #take(length: number): number {
    const start = this.#at;
    if (length > this.#end - start) fail('the message ends too early');
    this.#at = start + length;
    return start;
  }

  #unsigned(): number {
    this.#varint();
    return this.#high === 0 ? this.#low : fail('a number is too large');
  }

  /** Reads a number into `#low` and `#high`, 32 bits each. */
  #varint(): void {
    const first = this.#at < this.#end ? (this.#bytes[this.#at] ?? 0) : 0x80;
    if (first < 0x80) {
      this.#at += 1;
      this.#low = first;
      this.#high = 0;
      return;
    }
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.#at >= this.#end) fail('the message ends too early');
      const byte = this.#bytes[this.#at++] ?? 0;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) {
        this.#low = low >>> 0;
        this.#high = high >>> 0;
        return;
      }
    }
    fail('a number has too many bytes');
  }
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  const short = end - start <= SHORT_TEXT;
  if (short && isAscii(bytes, start, end)) return String.fromCharCode(...bytes.subarray(start, end));
  try {
    return decoder.decode(bytes.subarray(start, end));
  } catch (error) {
    throw new ProtobufError('a string is not UTF-8', { cause: error });
  }
}

function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) if ((bytes[at] ?? 0) >= 0x80) return false;
  return true;
}

function fail(problem: string): never {
  throw new ProtobufError(problem);
}
