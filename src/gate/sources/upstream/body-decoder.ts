import { type Framing, ResponseError } from './response-head.ts';

/** Takes a body out of its framing, whatever the pieces in which it comes. */
export interface BodyDecoder {
  /** What of `bytes` is body: a part of the same memory, the rest of which is no longer what it was. Throws `ResponseError`. */
  take(bytes: Buffer): Buffer;
  /** True once the whole body was taken. */
  ended(): boolean;
}

export function createBodyDecoder(framing: Framing): BodyDecoder {
  return framing.kind === 'chunked' ? createChunkedDecoder() : createLengthDecoder(framing.bytes);
}

function createLengthDecoder(length: number): BodyDecoder {
  let left = length;
  return {
    take: (bytes) => {
      if (bytes.length > left) throw new ResponseError('more than it announced');
      left -= bytes.length;
      return bytes;
    },
    ended: () => left === 0,
  };
}

const CR = 0x0d;
const LF = 0x0a;
const MAX_SIZE_DIGITS = 8;

type State = 'size' | 'size LF' | 'data' | 'data CR' | 'data LF' | 'last CR' | 'last LF' | 'ended';

/** Chunks without extensions or trailers: nothing that reads usage sends them. Source: RFC 9112, section 7.1. */
function createChunkedDecoder(): BodyDecoder {
  let state: State = 'size';
  /** Bytes of the chunk that are still to come, and digits of its size that were read. */
  let [left, digits] = [0, 0];

  const sizeCharacter = (byte: number): State => {
    if (byte === CR && digits > 0) return 'size LF';
    const digit = hexDigit(byte);
    if (digit === undefined || ++digits > MAX_SIZE_DIGITS) throw malformed();
    left = left * 16 + digit;
    return 'size';
  };
  const betweenData = (byte: number): State => {
    if (state === 'size') return sizeCharacter(byte);
    if (state === 'ended') throw new ResponseError('more than it announced');
    if (byte !== (state.endsWith('CR') ? CR : LF)) throw malformed();
    if (state === 'size LF') return left === 0 ? 'last CR' : 'data';
    digits = 0;
    return state === 'data CR'
      ? 'data LF'
      : state === 'data LF'
        ? 'size'
        : state === 'last CR'
          ? 'last LF'
          : 'ended';
  };
  return {
    take: (bytes) => {
      let body = 0;
      for (let at = 0; at < bytes.length;) {
        if (state !== 'data') {
          state = betweenData(bytes[at++] ?? 0);
          continue;
        }
        const end = Math.min(at + left, bytes.length);
        bytes.copyWithin(body, at, end);
        [body, left, at] = [body + end - at, left - (end - at), end];
        if (left === 0) state = 'data CR';
      }
      return bytes.subarray(0, body);
    },
    ended: () => state === 'ended',
  };
}

function hexDigit(byte: number): number | undefined {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const small = byte | 0x20;
  return small >= 0x61 && small <= 0x66 ? small - 0x57 : undefined;
}

function malformed(): ResponseError {
  return new ResponseError('a malformed chunk');
}
