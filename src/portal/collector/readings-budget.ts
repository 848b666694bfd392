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
  /** Waits for a turn to read the answer. Throws the reason of `gone`. */
  turn(gone: AbortSignal): Promise<void>;
  /** Reports the bytes of the sweep so far. */
  grow(bytes: number): void;
  /** Aborted with a `NoRoomError` if the sweep has grown and there is no room for it. */
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
    /** Set while the sweep has room. */
    let stay: AbortController | undefined;
    let isOver = false;
    let size = 0;
    let endTurn = () => {};
    const take = (room: number) => {
      if (size === 0) {
        stay = new AbortController();
        void this.#clock.sleep(KEPT_MS, stay.signal).then(leaveRoom);
      }
      this.#taken += room - size;
      size = room;
    };
    const leaveRoom = () => {
      if (isOver) return;
      isOver = true;
      stay?.abort(OVER);
      this.#taken -= size;
      this.#wake();
    };
    if (expected > 0) take(expected);
    return {
      signal: outgrown.signal,
      turn: async (gone) => {
        endTurn = await this.#takeTurn(gone);
      },
      release: () => {
        leaveRoom();
        endTurn();
      },
      grow: (bytes) => {
        const room = this.#sizeOf(bytes);
        if (room <= size || isOver) return;
        if (size === 0 && this.#taken > 0)
          outgrown.abort(new NoRoomError('there is no room for so many readings'));
        else take(size === 0 ? this.#most : room);
      },
    };
  }

  /** Takes a turn, which ends after its time. Returns a function that ends it earlier. */
  async #takeTurn(gone: AbortSignal): Promise<() => void> {
    const end = await this.#answers.take(gone);
    const ended = new AbortController();
    void this.#clock.sleep(TURN_MS, ended.signal).then(end);
    return () => {
      end();
      ended.abort(OVER);
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
