import { AnswerError } from './answer-error.ts';

const NEWLINE = 0x0a;
const MAX_LINE_BYTES = 1_048_576;

/**
 * Cuts bytes into whole lines, of chunks of any size. All lines are copied into the same memory: new memory for each chunk
 * would make the garbage collector run as often as all other work together.
 */
export class LineCutter {
  #memory: Buffer = Buffer.alloc(0);
  /** Where the line that has not ended lies in the memory. */
  #restStart = 0;
  #restEnd = 0;

  /** The lines that `chunk` completes, valid until the next call. Throws `AnswerError` for a line that is too long. */
  push(chunk: Buffer): Buffer {
    const linesBytes = chunk.lastIndexOf(NEWLINE) + 1;
    const restBytes = this.#restEnd - this.#restStart;
    const rest = this.#memory.subarray(this.#restStart, this.#restEnd);
    const bytes = restBytes + chunk.length;
    if (this.#memory.length < bytes)
      this.#memory = Buffer.allocUnsafeSlow(Math.max(bytes, 2 * this.#memory.length));
    this.#memory.set(rest);
    this.#memory.set(chunk, restBytes);
    this.#restStart = linesBytes === 0 ? 0 : restBytes + linesBytes;
    this.#restEnd = bytes;
    if (bytes - this.#restStart > MAX_LINE_BYTES) throw new AnswerError('a line of the answer is too long');
    return this.#memory.subarray(0, this.#restStart);
  }

  /** The last line, if it has no newline. */
  end(): Buffer {
    return this.#memory.subarray(this.#restStart, this.#restEnd);
  }
}
