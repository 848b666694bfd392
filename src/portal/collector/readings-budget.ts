/** So many readings stand in memory at once, of all large sites together; each takes some hundred bytes. */
const MOST_READINGS = 120_000;

/** Sites of no more readings wait for nobody: there may be hundreds of them. */
const FEW_READINGS = 20_000;

/** Room that a sweep takes while it lasts. */
export interface Held {
  /** Tells how many readings it has by now. */
  grow(readings: number): void;
  release(): void;
}

/**
 * Bounds the memory that sweeps take at the same time: a site that was large the last time waits in turn until there is
 * room. One that turns out to be large is counted as it grows, so that others wait for it from then on. A site that is
 * larger than all of the room is swept while no other large one is.
 */
export class ReadingsBudget {
  readonly #most: number;
  readonly #few: number;
  #held = 0;
  #turn: Promise<void> = Promise.resolve();
  #wake = () => {};

  constructor(most = MOST_READINGS, few = FEW_READINGS) {
    this.#most = most;
    this.#few = few;
  }

  /** Waits for room for as many readings as are expected. */
  async enter(expected: number): Promise<Held> {
    let size = this.#sizeOf(expected);
    if (size > 0) {
      this.#turn = this.#turn.then(async () => await this.#takeRoom(size));
      await this.#turn;
    }
    const resize = (next: number) => {
      this.#held += next - size;
      size = next;
    };
    return {
      grow: (readings) => resize(Math.max(size, this.#sizeOf(readings))),
      release: () => {
        resize(0);
        this.#wake();
      },
    };
  }

  async #takeRoom(size: number): Promise<void> {
    while (this.#held > 0 && this.#held + size > this.#most)
      await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#held += size;
  }

  #sizeOf(readings: number): number {
    return readings <= this.#few ? 0 : readings;
  }
}
