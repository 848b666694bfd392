import { setImmediate as nextTurn } from 'node:timers/promises';

/** The turns of all work under way: one step each time that the event loop comes round, however many wait. */
let last: Promise<void> = Promise.resolve();

/** Resolves when it is the caller's turn to do some milliseconds of work. Throws the reason of `signal`. */
export async function myTurn(signal?: AbortSignal): Promise<void> {
  last = last.then(async () => await nextTurn());
  await last;
  signal?.throwIfAborted();
}

/** Does work step by step, and lets the event loop go round after each. Throws what the work throws, and the reason of `signal`. */
export async function inTurns<T>(work: Generator<void, T, void>, signal?: AbortSignal): Promise<T> {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    await myTurn(signal);
  }
}
