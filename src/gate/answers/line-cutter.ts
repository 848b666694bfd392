import { AnswerError } from './answer-error.ts';

const NEWLINE = 0x0a;
const MAX_LINE_BYTES = 1_048_576;

/** Cuts bytes into whole lines, of chunks of any size. */
export class LineCutter {
  /** Starts with the bytes of a line that has not ended. */
  #memory: Buffer = Buffer.alloc(0);
  #restBytes = 0;

  /**
   * The lines that `chunk` completes: the line that began before it, and the others. Those lie in its memory, because new
   * memory of this size makes V8 collect garbage too often. Throws `AnswerError` for a line that is too long.
   */
  push(chunk: Buffer): Buffer[] {
    const pieces: Buffer[] = [];
    const firstEnd = this.#restBytes === 0 ? 0 : chunk.indexOf(NEWLINE) + 1;
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (firstEnd > 0) pieces.push(Buffer.concat([this.end(), chunk.subarray(0, firstEnd)]));
    if (firstEnd < end) pieces.push(chunk.subarray(firstEnd, end));
    if (end > 0) this.#restBytes = 0;
    this.#keep(chunk.subarray(end));
    return pieces;
  }

  /** The last line, if it has no newline. */
  end(): Buffer {
    return this.#memory.subarray(0, this.#restBytes);
  }

  #keep(piece: Buffer): void {
    const bytes = this.#restBytes + piece.length;
    if (bytes > MAX_LINE_BYTES) throw new AnswerError('a line of the answer is too long');
    if (bytes > this.#memory.length)
      this.#memory = Buffer.concat([this.end()], Math.max(bytes, 2 * this.#memory.length));
    piece.copy(this.#memory, this.#restBytes);
    this.#restBytes = bytes;
  }
}
