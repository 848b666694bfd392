import { type Framing, ResponseError } from './response-head.ts';

/** Takes a body out of its framing. The pieces may be of any size. */
export interface BodyDecoder {
  /**
   * The part of `bytes` that belongs to the body. It lies in the same memory, and the rest of `bytes` is overwritten.
   * Throws `ResponseError`.
   */
  take(bytes: Buffer): Buffer;
  /** True once the whole body was taken. */
  ended(): boolean;
}

export function bodyDecoder(framing: Framing): BodyDecoder {
  return framing.kind === 'chunked' ? new ChunkedDecoder() : new LengthDecoder(framing.bytes);
}

class LengthDecoder implements BodyDecoder {
  #left: number;

  constructor(length: number) {
    this.#left = length;
  }

  take(bytes: Buffer): Buffer {
    if (bytes.length > this.#left) throw new ResponseError('more than it announced');
    this.#left -= bytes.length;
    return bytes;
  }

  ended(): boolean {
    return this.#left === 0;
  }
}

const CR = 0x0d;
const LF = 0x0a;
const MAX_SIZE_DIGITS = 8;

type State = 'size' | 'size LF' | 'data' | 'data CR' | 'data LF' | 'last CR' | 'last LF' | 'ended';

/** Chunks without extensions or trailers: no source of usage sends those. Source: RFC 9112, section 7.1. */
class ChunkedDecoder implements BodyDecoder {
  #state: State = 'size';
  /** Bytes of the chunk that are still to come. */
  #left = 0;
  /** Digits of the chunk's size that were read. */
  #digits = 0;

  take(bytes: Buffer): Buffer {
    let body = 0;
    for (let at = 0; at < bytes.length;) {
      if (this.#state !== 'data') {
        this.#state = this.#betweenData(bytes[at++] ?? 0);
        continue;
      }
      const end = Math.min(at + this.#left, bytes.length);
      bytes.copyWithin(body, at, end);
      [body, this.#left, at] = [body + end - at, this.#left - (end - at), end];
      if (this.#left === 0) this.#state = 'data CR';
    }
    return bytes.subarray(0, body);
  }

  ended(): boolean {
    return this.#state === 'ended';
  }

  #betweenData(byte: number): State {
    const state = this.#state;
    if (state === 'size') return this.#sizeCharacter(byte);
    if (state === 'ended') throw new ResponseError('more than it announced');
    if (byte !== (state.endsWith('CR') ? CR : LF)) throw malformed();
    if (state === 'size LF') return this.#left === 0 ? 'last CR' : 'data';
    this.#digits = 0;
    if (state === 'data CR') return 'data LF';
    if (state === 'data LF') return 'size';
    return state === 'last CR' ? 'last LF' : 'ended';
  }

  #sizeCharacter(byte: number): State {
    if (byte === CR && this.#digits > 0) return 'size LF';
    const digit = hexDigit(byte);
    if (digit === undefined || ++this.#digits > MAX_SIZE_DIGITS) throw malformed();
    this.#left = this.#left * 16 + digit;
    return 'size';
  }
}

function hexDigit(byte: number): number | undefined {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const small = byte | 0x20;
  return small >= 0x61 && small <= 0x66 ? small - 0x57 : undefined;
}

function malformed(): ResponseError {
  return new ResponseError('a malformed chunk');
}
