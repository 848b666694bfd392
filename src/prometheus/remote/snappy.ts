import { compress } from 'snappyjs';
import { atOnce, type Steps } from '../steps.ts';

/** Bytes that are no Snappy block, or one that is too large. */
export class SnappyError extends Error {
  override readonly name = 'SnappyError';
}

/**
 * Decompresses a block (not a stream), as remote write and read carry it; throws `SnappyError`. It is our own, since
 * that of snappyjs 0.7.0 runs for ever on six bytes that state a literal of a negative length.
 * Source: https://github.com/google/snappy/blob/main/format_description.txt
 */
export function fromSnappy(block: Uint8Array, maxBytes: number): Buffer {
  return atOnce(snappySteps(block, maxBytes));
}

/** Elements in a step: each is a copy of at most 64 bytes, or of a part of the block. */
const ELEMENTS_IN_STEP = 16_384;

/** As `fromSnappy`, in steps. */
export function* snappySteps(block: Uint8Array, maxBytes: number): Steps<Buffer> {
  const { length, start } = statedLength(block);
  if (length > maxBytes) throw new SnappyError(`it is larger than ${maxBytes} bytes when decompressed`);
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

/** What a block says of its length when decompressed; throws `SnappyError`. */
export function decompressedLength(block: Uint8Array): number {
  return statedLength(block).length;
}

export function toSnappy(bytes: Uint8Array): Uint8Array {
  return compress(bytes);
}

/** As far back as a copy of the encoder reaches. */
const FRAGMENT_BYTES = 65_536;

/** The same block piece by piece, of bytes whose number is known: no more than a fragment is held or packed at a time. */
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
  return new SnappyError('it is no Snappy block');
}

/** Bytes to copy: from the input where `offset` is zero, else from what was written `offset` bytes before. */
interface Element {
  length: number;
  offset: number;
  /** Where a literal's bytes begin. */
  start: number;
  /** Where the next element begins. */
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

/** Lengths above 60 stand in one to four bytes after the tag. */
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

/** Up to so many bytes are copied faster one by one than by a call out of JavaScript. */
const FEW_BYTES = 24;

function copyLiteral(output: Buffer, to: number, block: Uint8Array, { start, next, length }: Element): void {
  if (length > FEW_BYTES) output.set(block.subarray(start, next), to);
  else for (let i = 0; i < length; i += 1) output[to + i] = block[start + i] ?? 0;
}

/** What is copied may overlap with what is written: then it repeats. */
function copyBack(output: Buffer, to: number, { offset, length }: Element): void {
  if (offset > to) throw noBlock();
  if (length > FEW_BYTES && offset >= length) output.copyWithin(to, to - offset, to - offset + length);
  else for (let i = 0; i < length; i += 1) output[to + i] = output[to - offset + i] ?? 0;
}

function littleEndian(block: Uint8Array, at: number, bytes: number): number {
  let value = 0;
  for (let i = 0; i < bytes; i += 1) value += byteAt(block, at + i) * 2 ** (8 * i);
  return value;
}

function byteAt(block: Uint8Array, at: number): number {
  const byte = block[at];
  if (byte === undefined) throw noBlock();
  return byte;
}
