import { setImmediate as nextTurn } from 'node:timers/promises';

/** The last turn in the queue. The queue advances by one step in each round of the event loop. */
let last: Promise<void> = Promise.resolve();

/** Waits for the caller's turn to do some milliseconds of work. Throws the reason of `signal`. */
export async function myTurn(signal?: AbortSignal): Promise<void> {
  last = last.then(async () => await nextTurn());
  await last;
  signal?.throwIfAborted();
}

/**
 * Does work step by step, with a round of the event loop after each step. Throws the errors of the work, and the reason
 * of `signal`.
 */
export async function inTurns<T>(work: Generator<void, T, void>, signal?: AbortSignal): Promise<T> {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    await myTurn(signal);
  }
}
