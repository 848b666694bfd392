import { AnswerError } from './answer-error.ts';

const NEWLINE = 0x0a;
const MAX_LINE_BYTES = 1_048_576;

/** Cuts bytes into whole lines, of chunks of any size. */
export class LineCutter {
  #rest: Buffer[] = [];
  #restBytes = 0;

  /** The lines that `chunk` completes. They may lie in its memory. Throws `AnswerError` for a line that is too long. */
  push(chunk: Buffer): Buffer {
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (end === 0) {
      this.#keep(chunk);
      return Buffer.alloc(0);
    }
    const lines = chunk.subarray(0, end);
    const whole = this.#rest.length === 0 ? lines : Buffer.concat([...this.#rest, lines]);
    this.#rest = [];
    this.#restBytes = 0;
    if (end < chunk.length) this.#keep(chunk.subarray(end));
    return whole;
  }

  /** The last line, if it has no newline. */
  end(): Buffer {
    return Buffer.concat(this.#rest);
  }

  #keep(piece: Buffer): void {
    this.#restBytes += piece.length;
    if (this.#restBytes > MAX_LINE_BYTES) throw new AnswerError('a line of the answer is too long');
    this.#rest.push(Buffer.from(piece));
  }
}
