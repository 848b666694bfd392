import type { Clock } from '../../runtime/clock.ts';

/** The memory for readings of all large sites together: about 120,000 readings. */
const MOST_BYTES = 30_000_000;

/** Sites with fewer bytes never wait: there may be hundreds of them. */
const FEW_BYTES = 5_000_000;

/** A sweep keeps its room for this long. Others must not wait for a slow sweep. */
const KEPT_MS = 10_000;

/** A sweep turned out to be large while there was no room for it. It has to start again, in turn. */
export class NoRoomError extends Error {
  override readonly name = 'NoRoomError';
}

/** The expected bytes of a large sweep of unknown size. */
export const ALL_ROOM = Infinity;

/** The room of one sweep. */
export interface Reservation {
  /** Reports the bytes of the sweep so far. */
  grow(bytes: number): void;
  /** Aborted with a `NoRoomError` if the sweep has grown and there is no room for it. */
  readonly signal: AbortSignal;
  release(): void;
}

interface BudgetOptions {
  most?: number | undefined;
  few?: number | undefined;
  clock: Clock;
}

/**
 * Bounds the memory of sweeps that run at the same time.
 * - A site that was large in its last sweep waits in turn until there is room.
 * - A site that turns out to be large takes all the room, because its size is still unknown, if no other large site is
 *   being swept.
 * - A site that is larger than all the room is swept while no other large site is.
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

  /** Waits for room for the expected bytes. */
  async enter(expected: number): Promise<Reservation> {
    const size = this.#sizeOf(expected);
    if (size === 0) return this.#hold(size);
    const entering = this.#turn.then(async () => {
      await this.#untilRoomFor(size);
      return this.#hold(size);
    });
    this.#turn = entering.then(() => undefined);
    return await entering;
  }

  #hold(expected: number): Reservation {
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

  /** The room for a number of bytes, at most all of it. */
  #sizeOf(bytes: number): number {
    return bytes <= this.#few ? 0 : Math.min(bytes, this.#most);
  }
}
