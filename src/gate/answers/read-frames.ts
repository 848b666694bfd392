import { AnswerError } from './answer-error.ts';

const MAX_FRAME_BYTES = 16_777_216;
const CHECKSUM_BYTES = 4;
const MAX_LENGTH_BYTES = 4;

/**
 * Cuts a stream of chunks into frames: length, checksum, `ChunkedReadResponse`.
 * Source: ChunkedWriter in storage/remote/chunked.go of Prometheus.
 */
export class FrameSplitter {
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** No frame is complete with fewer bytes. */
  #wanted = 0;

  /**
   * The bytes of all frames that are complete now, and the messages in them. Throws `AnswerError` for a frame that is
   * too long.
   */
  push(bytes: Buffer): { whole: Buffer; messages: Buffer[] } {
    this.#held.push(Buffer.from(bytes));
    this.#heldBytes += bytes.length;
    if (this.#heldBytes < this.#wanted) return { whole: Buffer.alloc(0), messages: [] };
    const all = Buffer.concat(this.#held);
    const messages: Buffer[] = [];
    let at = 0;
    let frame = frameAt(all, at);
    for (; frame.end <= all.length; frame = frameAt(all, at)) {
      messages.push(all.subarray(frame.start, frame.end));
      at = frame.end;
    }
    this.#wanted = frame.end - at;
    this.#held = [all.subarray(at)];
    this.#heldBytes = all.length - at;
    return { whole: all.subarray(0, at), messages };
  }

  /** Throws `AnswerError` where the stream ends within a frame. */
  end(): void {
    if (this.#heldBytes > 0) throw new AnswerError('the answer ends in the middle of a frame');
  }
}

/** Where the message of the frame at `at` lies. With too few bytes to know, the end lies behind the last byte. */
function frameAt(bytes: Buffer, at: number): { start: number; end: number } {
  let length = 0;
  for (let index = 0; index < MAX_LENGTH_BYTES; index++) {
    const byte = bytes[at + index];
    if (byte === undefined) return { start: bytes.length, end: bytes.length + 1 };
    length += (byte & 0x7f) * 128 ** index;
    if (byte >= 0x80) continue;
    if (length > MAX_FRAME_BYTES) break;
    const start = at + index + 1 + CHECKSUM_BYTES;
    return { start, end: start + length };
  }
  throw new AnswerError('a frame of the answer is too long');
}
