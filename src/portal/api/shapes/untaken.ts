import type { Writable } from 'node:stream';

/** Twelve of the largest pages. */
const MOST_UNTAKEN_BYTES = 128 * 2 ** 20;

/** What answers hold in memory since their clients have not taken it yet. Beyond the bound the answer that moved least lately breaks off. */
export class Untaken {
  readonly #most: number;
  readonly #bytes = new Map<Writable, number>();
  #sum = 0;

  constructor(most = MOST_UNTAKEN_BYTES) {
    this.#most = most;
  }

  /** The answer moves, and holds so many bytes from now on. */
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
