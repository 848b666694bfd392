import { compress } from 'snappyjs';
import { atOnce, type Steps } from '../steps.ts';

/** Bytes that are not a Snappy block, or a block that is too large. */
export class SnappyError extends Error {
  override readonly name = 'SnappyError';
}

/**
 * Decompresses a block (not a stream), the form that remote write and read use. Throws `SnappyError`. snappyjs 0.7.0 is
 * not used here: six bytes that state a literal of a negative length keep it in an endless loop.
 * Source: https://github.com/google/snappy/blob/main/format_description.txt
 */
export function fromSnappy(block: Uint8Array, maxBytes: number): Buffer {
  return atOnce(snappySteps(block, maxBytes));
}

/** Elements in a step. Each copies at most 64 bytes of output, or a part of the block. */
const ELEMENTS_IN_STEP = 16_384;

/** Like `fromSnappy`, in steps. */
export function* snappySteps(block: Uint8Array, maxBytes: number): Steps<Buffer> {
  const { length, start } = statedLength(block);
  if (length > maxBytes)
    throw new SnappyError(`the block is larger than ${maxBytes} bytes when decompressed`);
  const output = Buffer.allocUnsafe(length);
  let to = 0;
  let elements = 0;
  for (let at = start; at < block.length;) {
    elements += 1;
    if (elements % ELEMENTS_IN_STEP === 0) yield;
    const element = elementAt(block, at);
    if (element.length > length - to) throw noBlock();
    if (element.offset === 0) copyLiteral(output, to, block, element);
    else copyBack(output, to, element);
    to += element.length;
    at = element.next;
  }
  if (to !== length) throw noBlock();
  return output;
}

/** The decompressed length in bytes that a block states. Throws `SnappyError`. */
export function decompressedLength(block: Uint8Array): number {
  return statedLength(block).length;
}

export function toSnappy(bytes: Uint8Array): Uint8Array {
  return compress(bytes);
}

/** The encoder copies from at most this many bytes before. */
const FRAGMENT_BYTES = 65_536;

/** Like `toSnappy`, piece by piece, for a known total `length`. At most one fragment is in memory at a time. */
export function* toSnappyPieces(pieces: Iterable<Uint8Array>, length: number): Generator<Uint8Array> {
  yield varint(length);
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  for (const piece of pieces)
    for (let at = 0; at < piece.length;) {
      const part = piece.subarray(at, at + FRAGMENT_BYTES - heldBytes);
      held.push(part);
      heldBytes += part.length;
      at += part.length;
      if (heldBytes < FRAGMENT_BYTES) continue;
      yield fragment(held);
      [held, heldBytes] = [[], 0];
    }
  if (heldBytes > 0) yield fragment(held);
}

/** A block without the length before it. */
function fragment(parts: readonly Uint8Array[]): Uint8Array {
  const block = toSnappy(Buffer.concat(parts));
  return block.subarray(statedLength(block).start);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Uint8Array.of(...bytes, rest);
}

function noBlock(): SnappyError {
  return new SnappyError('this is not a Snappy block');
}

/** Bytes to copy: from the input if `offset` is zero, otherwise from the output, `offset` bytes back. */
interface Element {
  length: number;
  offset: number;
  /** Position of a literal's first byte. */
  start: number;
  /** Position of the next element. */
  next: number;
}

function statedLength(block: Uint8Array): { length: number; start: number } {
  let length = 0;
  for (let at = 0; at < 5; at += 1) {
    const byte = byteAt(block, at);
    length += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) return { length, start: at + 1 };
  }
  throw noBlock();
}

function elementAt(block: Uint8Array, at: number): Element {
  const tag = byteAt(block, at);
  const upper = tag >>> 2;
  switch (tag & 3) {
    case 0:
      return literal(block, at + 1, upper);
    case 1:
      return copy((upper & 7) + 4, (tag >>> 5) * 256 + byteAt(block, at + 1), at + 2);
    case 2:
      return copy(upper + 1, littleEndian(block, at + 1, 2), at + 3);
    default:
      return copy(upper + 1, littleEndian(block, at + 1, 4), at + 5);
  }
}

/** Lengths above 60 take one to four bytes after the tag. */
function literal(block: Uint8Array, at: number, upper: number): Element {
  const lengthBytes = Math.max(0, upper - 59);
  const length = 1 + (lengthBytes === 0 ? upper : littleEndian(block, at, lengthBytes));
  const start = at + lengthBytes;
  if (length > block.length - start) throw noBlock();
  return { length, offset: 0, start, next: start + length };
}

function copy(length: number, offset: number, next: number): Element {
  if (offset === 0) throw noBlock();
  return { length, offset, start: 0, next };
}

/** Up to this length, copying byte by byte is faster than a native call. */
const FEW_BYTES = 24;

function copyLiteral(output: Buffer, to: number, block: Uint8Array, { start, next, length }: Element): void {
  if (length > FEW_BYTES) output.set(block.subarray(start, next), to);
  else for (let i = 0; i < length; i += 1) output[to + i] = block[start + i] ?? 0;
}

/** A copy may overlap its own output: then the bytes repeat. */
function copyBack(output: Buffer, to: number, { offset, length }: Element): void {
  if (offset > to) throw noBlock();
  if (length > FEW_BYTES && offset >= length) output.copyWithin(to, to - offset, to - offset + length);
  else for (let i = 0; i < length; i += 1) output[to + i] = output[to - offset + i] ?? 0;
}

function littleEndian(block: Uint8Array, at: number, bytes: number): number {
  let value = 0;
  for (let i = bytes - 1; i >= 0; i -= 1) value = value * 256 + byteAt(block, at + i);
  return value;
}

function byteAt(block: Uint8Array, at: number): number {
  const byte = block[at];
  if (byte === undefined) throw noBlock();
  return byte;
}
