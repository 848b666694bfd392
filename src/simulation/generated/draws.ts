import { createHash } from 'node:crypto';

/** Random numbers that depend only on a key: the same key gives the same numbers in every process. */
export class Draws {
  readonly #key: string;
  #block = 0;
  #digest: Buffer;
  #offset = 0;

  constructor(key: string) {
    this.#key = key;
    this.#digest = createHash('sha256').update(key).digest();
  }

  /** A number in [0, 1). */
  next(): number {
    if (this.#offset + 4 > this.#digest.length) {
      this.#block += 1;
      this.#digest = createHash('sha256').update(`${this.#key}#${this.#block}`).digest();
      this.#offset = 0;
    }
    const value = this.#digest.readUInt32LE(this.#offset) / 2 ** 32;
    this.#offset += 4;
    return value;
  }

  /** A number in [from, to). */
  between(from: number, to: number): number {
    return from + (to - from) * this.next();
  }

  /** A whole number in [from, to]. */
  whole(from: number, to: number): number {
    return Math.floor(this.between(from, to + 1));
  }

  pick<T>(choices: readonly [T, ...T[]]): T {
    return choices[this.whole(0, choices.length - 1)] ?? choices[0];
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }
}
