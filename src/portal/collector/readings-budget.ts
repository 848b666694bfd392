import type { Clock } from '../../runtime/clock.ts';
import { Turns } from '../database/turns.ts';

/** The memory for readings of all large sites together: about 120,000 readings. */
const MOST_BYTES = 30_000_000;

/** Sites with fewer bytes take no room, only a turn: there may be thousands of them. */
const FEW_BYTES = 5_000_000;

/** Answers that are read or folded at a time: enough to keep the database busy. */
const ANSWERS_AT_ONCE = 16;

/** A sweep keeps its room, and its turn, for this long. Others must not wait for a slow sweep. */
const KEPT_MS = 10_000;
const TURN_MS = 2000;

/** A sweep turned out to be large while there was no room for it. It has to start again, in turn. */
export class NoRoomError extends Error {
  override readonly name = 'NoRoomError';
}

/** Without a reason, `abort` makes an error with a stack for each sweep. */
const OVER = 'the sweep is over';

/** The expected bytes of a large sweep of unknown size. */
export const ALL_ROOM = Infinity;

/** The room and the turn of one sweep. */
export interface Reservation {
  /** Waits for a turn to read the answer. Throws the reason of `signal`. */
  turn(): Promise<void>;
  /** Reports the bytes of the sweep so far. */
  grow(bytes: number): void;
  /** Aborted with a `NoRoomError` if the sweep has grown and there is no room for it, or if it is no longer wanted. */
  readonly signal: AbortSignal;
  release(): void;
}

interface BudgetOptions {
  most?: number | undefined;
  few?: number | undefined;
  answersAtOnce?: number | undefined;
  clock: Clock;
}

/**
 * Bounds the memory of sweeps that run at the same time.
 * - A site that was large in its last sweep waits in turn until there is room.
 * - A site that turns out to be large takes all the room, because its size is still unknown, if no other large site is
 *   being swept.
 * - A site that is larger than all the room is swept while no other large site is.
 * - Only a few answers are read and folded at a time, also of small sites. A site that does not answer waits for no turn.
 */
export class ReadingsBudget {
  readonly #most: number;
  readonly #few: number;
  readonly #clock: Clock;
  readonly #answers: Turns;
  #taken = 0;
  #turn: Promise<void> = Promise.resolve();
  #wake = () => {};

  constructor({ most = MOST_BYTES, few = FEW_BYTES, answersAtOnce = ANSWERS_AT_ONCE, clock }: BudgetOptions) {
    this.#most = most;
    this.#few = few;
    this.#clock = clock;
    this.#answers = new Turns(answersAtOnce);
  }

  /** Waits for room for the expected bytes. `gone` is aborted when the sweep is no longer wanted. */
  async enter(expected: number, gone: AbortSignal): Promise<Reservation> {
    const size = this.#sizeOf(expected);
    if (size === 0) return this.#hold(size, gone);
    const entering = this.#turn.then(async () => {
      await this.#untilRoomFor(size);
      return this.#hold(size, gone);
    });
    this.#turn = entering.then(() => undefined);
    return await entering;
  }

  #hold(expected: number, gone: AbortSignal): Reservation {
    // The end of the sweep aborts it, too. `AbortSignal.any` and signals for each wait would take several times the CPU.
    const ending = new AbortController();
    const follow = () => ending.abort(gone.reason);
    gone.addEventListener('abort', follow, { once: true });
    if (gone.aborted) follow();
    const after = (durationMs: number, act: () => void) =>
      void this.#clock.sleep(durationMs, ending.signal).then(() => {
        if (!ending.signal.aborted) act();
      });
    let hasLeft = false;
    let size = 0;
    let endTurn = () => {};
    const take = (room: number) => {
      if (size === 0) after(KEPT_MS, leaveRoom);
      this.#taken += room - size;
      size = room;
    };
    const leaveRoom = () => {
      if (hasLeft) return;
      hasLeft = true;
      this.#taken -= size;
      this.#wake();
    };
    if (expected > 0) take(expected);
    return {
      signal: ending.signal,
      turn: async () => {
        endTurn = await this.#answers.take(ending.signal);
        after(TURN_MS, endTurn);
      },
      release: () => {
        leaveRoom();
        endTurn();
        gone.removeEventListener('abort', follow);
        ending.abort(OVER);
      },
      grow: (bytes) => {
        const room = this.#sizeOf(bytes);
        if (room <= size || hasLeft) return;
        if (size === 0 && this.#taken > 0)
          ending.abort(new NoRoomError('there is no room for so many readings'));
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
