import type { Clock } from '../../runtime/clock.ts';

/** Readings of all large sites together take so much memory at once: some 120,000 of them. */
const MOST_BYTES = 30_000_000;

/** Sites that take no more wait for nobody: there may be hundreds of them. */
const FEW_BYTES = 5_000_000;

/** So long a sweep keeps its room: one that lasts longer is slow, and others must not wait for it. */
const KEPT_MS = 10_000;

/** A sweep that turned out to be large while there was no room for it: it is to be begun again, in turn. */
export class NoRoomError extends Error {
  override readonly name = 'NoRoomError';
}

/** What is expected of a sweep that is large, nobody knows how large. */
export const ALL_ROOM = Infinity;

/** Room that a sweep takes while it lasts. */
export interface Held {
  /** Tells how many bytes it takes by now. */
  grow(bytes: number): void;
  /** Aborted with a `NoRoomError` where it grew and may not go on. */
  readonly signal: AbortSignal;
  release(): void;
}

interface BudgetOptions {
  most?: number | undefined;
  few?: number | undefined;
  clock: Clock;
}

/**
 * Bounds the memory that sweeps take at the same time: a site that was large the last time waits in turn until there is
 * room. One that turns out to be large takes all the room there is, if no other large one is being swept, since nobody knows
 * how large it will be. A site that is larger than all of the room is swept while no other large one is.
 */
export class ReadingsBudget {
  readonly #most: number;
  readonly #few: number;
  readonly #clock: Clock;
  #taken = 0;
  #turn: Promise<void> = Promise.resolve();
  #wake = () => {};

  constructor({ most = MOST_BYTES, few = FEW_BYTES, clock }: BudgetOptions) {
    this.#most = most;
    this.#few = few;
    this.#clock = clock;
  }

  /** Waits for room for as many bytes as are expected. */
  async enter(expected: number): Promise<Held> {
    const size = this.#sizeOf(expected);
    if (size === 0) return this.#hold(size);
    const entering = this.#turn.then(async () => {
      await this.#untilRoomFor(size);
      return this.#hold(size);
    });
    this.#turn = entering.then(() => undefined);
    return await entering;
  }

  #hold(expected: number): Held {
    const outgrown = new AbortController();
    const over = new AbortController();
    let size = 0;
    const take = (room: number) => {
      if (size === 0) void this.#clock.sleep(KEPT_MS, over.signal).then(release);
      this.#taken += room - size;
      size = room;
    };
    const release = () => {
      if (over.signal.aborted) return;
      over.abort();
      this.#taken -= size;
      this.#wake();
    };
    if (expected > 0) take(expected);
    return {
      signal: outgrown.signal,
      release,
      grow: (bytes) => {
        const room = this.#sizeOf(bytes);
        if (room <= size || over.signal.aborted) return;
        if (size === 0 && this.#taken > 0)
          outgrown.abort(new NoRoomError('there is no room for so many readings'));
        else take(size === 0 ? this.#most : room);
      },
    };
  }

  async #untilRoomFor(size: number): Promise<void> {
    while (this.#taken > 0 && this.#taken + size > this.#most)
      await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  /** The room that so many bytes take; none is larger than all of it. */
  #sizeOf(bytes: number): number {
    return bytes <= this.#few ? 0 : Math.min(bytes, this.#most);
  }
}
