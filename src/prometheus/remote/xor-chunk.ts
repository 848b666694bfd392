import { ProtobufError } from './protobuf-reader.ts';

/** Receives one sample. The value comes as the two halves of its bits, because a number would lose staleness markers. */
export type TakeBits = (timestampMs: number, high: number, low: number) => void;

const COUNT_BYTES = 2;
/** Bits of a delta of deltas, by the number of ones before it. */
const DELTA_BITS = [0, 14, 17, 20, 64];

/** Decodes the samples of one XOR chunk. Throws `ProtobufError`. Source: tsdb/chunkenc/xor.go of Prometheus. */
export function decodeXorChunk(data: Uint8Array, take: TakeBits): void {
  const bits = new BitReader(data, COUNT_BYTES);
  const count = (data[0] ?? 0) * 256 + (data[1] ?? 0);
  let [timeMs, deltaMs] = [0, 0];
  const value = { high: 0, low: 0, leading: 0, width: 0 };
  for (let index = 0; index < count; index += 1) {
    if (index === 0) [timeMs, value.high, value.low] = [bits.varint(), bits.read(32), bits.read(32)];
    else {
      deltaMs = index === 1 ? bits.uvarint() : deltaMs + deltaOfDeltas(bits);
      timeMs += deltaMs;
      readValue(bits, value);
    }
    if (!Number.isSafeInteger(timeMs)) throw broken();
    take(timeMs, value.high, value.low);
  }
}

function deltaOfDeltas(bits: BitReader): number {
  let ones = 0;
  while (ones < 4 && bits.read(1) === 1) ones += 1;
  const width = DELTA_BITS[ones] ?? 0;
  if (width === 64) return (bits.read(32) | 0) * 4_294_967_296 + bits.read(32);
  if (width === 0) return 0;
  const raw = bits.read(width);
  return raw > 2 ** (width - 1) ? raw - 2 ** width : raw;
}

/** The bits of the last value, and the position of the bits that changed last. */
interface ValueState {
  high: number;
  low: number;
  leading: number;
  width: number;
}

function readValue(bits: BitReader, value: ValueState): void {
  if (bits.read(1) === 0) return;
  if (bits.read(1) === 1) {
    value.leading = bits.read(5);
    value.width = bits.read(6) || 64;
  }
  const trailing = 64 - value.leading - value.width;
  if (trailing < 0) throw broken();
  const highWidth = Math.max(0, value.width - 32);
  xorShifted(value, bits.read(highWidth), bits.read(value.width - highWidth), trailing);
}

/** Applies XOR with 64 bits, shifted left by `shift`. JavaScript shifts by at most 31. */
function xorShifted(value: ValueState, high: number, low: number, shift: number): void {
  if (shift >= 32) value.high ^= low << (shift - 32);
  else {
    value.high ^= shift === 0 ? high : (high << shift) | (low >>> (32 - shift));
    value.low ^= low << shift;
  }
}

/** Reads bits, starting with the highest one of each byte. */
class BitReader {
  readonly #bytes: Uint8Array;
  #at: number;
  /** Unread bits of the byte at `#at`. */
  #left = 8;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** Reads at most 32 bits as an unsigned number. */
  read(width: number): number {
    let value = 0;
    for (let wanted = width; wanted > 0;) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) throw broken();
      const taken = Math.min(wanted, this.#left);
      value = value * 2 ** taken + ((byte >> (this.#left - taken)) & (2 ** taken - 1));
      wanted -= taken;
      this.#left -= taken;
      if (this.#left === 0) {
        this.#at += 1;
        this.#left = 8;
      }
    }
    return value;
  }

  uvarint(): number {
    let value = 0;
    for (let shift = 0; shift < 63; shift += 7) {
      const byte = this.read(8);
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw broken();
  }

  /** Zigzag: 0, -1, 1, -2, … */
  varint(): number {
    const raw = this.uvarint();
    return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
  }
}

function broken(): ProtobufError {
  return new ProtobufError('a chunk of samples is broken');
}
