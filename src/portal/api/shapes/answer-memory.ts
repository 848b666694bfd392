import type { Writable } from 'node:stream';

/** Ten of the largest pages, which have 50,000 rows. */
const MOST_BYTES = 128 * 2 ** 20;

/**
 * Bounds the memory of answers that their clients have not read yet. Beyond the bound, the answer that has made no progress
 * for the longest time is broken off.
 */
export class AnswerMemory {
  readonly #most: number;
  readonly #bytes = new Map<Writable, number>();
  #sum = 0;

  constructor(most = MOST_BYTES) {
    this.#most = most;
  }

  /** Records that an answer makes progress, and needs this many bytes from now on. */
  hold(answer: Writable, bytes: number): void {
    if (answer.destroyed) return;
    if (!this.#bytes.has(answer)) answer.once('close', () => this.#drop(answer));
    this.#drop(answer);
    this.#bytes.set(answer, bytes);
    this.#sum += bytes;
    this.#breakOff(answer);
  }

  #breakOff(latest: Writable): void {
    for (const answer of this.#bytes.keys()) {
      if (this.#sum <= this.#most || answer === latest) return;
      this.#drop(answer);
      answer.destroy();
    }
  }

  #drop(answer: Writable): void {
    this.#sum -= this.#bytes.get(answer) ?? 0;
    this.#bytes.delete(answer);
  }
}
