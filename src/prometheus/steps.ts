/**
 * Work on what others sent, in steps of a bounded size: each `yield` ends one. A server does something else between two steps, so
 * that no sender holds it up; see `inTurns`.
 */
export type Steps<T> = Generator<void, T, void>;

/** Items in a step: some milliseconds of work. */
const ITEMS_IN_STEP = 2000;

/** Does all steps at once: for what is known to be small. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Gives `take` each item. */
export function* eachInSteps<T>(
  items: Iterable<T>,
  take: (item: T) => void,
  itemsInStep = ITEMS_IN_STEP,
): Steps<void> {
  let inStep = 0;
  for (const item of items) {
    if (inStep === itemsInStep) {
      inStep = 0;
      yield;
    }
    inStep += 1;
    take(item);
  }
}
