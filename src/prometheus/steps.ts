/**
 * Work on input from others, in steps of bounded size: each `yield` ends a step. Between two steps a server serves others,
 * so that no sender can block it; see `inTurns`.
 */
export type Steps<T> = Generator<void, T, void>;

/** Items in a step: some milliseconds of work. */
const ITEMS_IN_STEP = 1000;

/** Runs all steps at once. For input that is known to be small. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Calls `take` with each item. */
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

/** Counts the work of several loops, so that many short loops end a step like one long loop. */
export class Pace {
  #items = 0;

  /** Reports `items` of work, and ends the step if enough have come together. */
  *did(items: number): Steps<void> {
    this.#items += items;
    if (this.#items < ITEMS_IN_STEP) return;
    this.#items = 0;
    yield;
  }
}

/** The distinct texts of `items`. */
export function* distinctOf<T>(items: Iterable<T>, textOf: (item: T) => string): Steps<Set<string>> {
  const distinct = new Set<string>();
  yield* eachInSteps(items, (item) => void distinct.add(textOf(item)));
  return distinct;
}

/** A stable sort like `toSorted`, in steps: sorts runs of one step each, then merges them. */
export function* sortedInSteps<T>(
  items: readonly T[],
  compare: (one: T, other: T) => number,
  itemsInStep = ITEMS_IN_STEP,
): Steps<T[]> {
  let runs: T[][] = [];
  for (let start = 0; start < items.length; start += itemsInStep) {
    if (start > 0) yield;
    runs.push(items.slice(start, start + itemsInStep).toSorted(compare));
  }
  while (runs.length > 1) {
    const merged: T[][] = [];
    for (let i = 0; i < runs.length; i += 2)
      merged.push(yield* merge(runs[i] ?? [], runs[i + 1] ?? [], compare, itemsInStep));
    runs = merged;
  }
  return runs[0] ?? [];
}

function* merge<T>(
  one: readonly T[],
  other: readonly T[],
  compare: (one: T, other: T) => number,
  itemsInStep: number,
): Steps<T[]> {
  const merged: T[] = [];
  for (let [i, j] = [0, 0]; i < one.length || j < other.length;) {
    const takesOther = i === one.length || (j < other.length && compare(one[i] as T, other[j] as T) > 0);
    merged.push((takesOther ? other[j++] : one[i++]) as T);
    if (merged.length % itemsInStep === 0) yield;
  }
  return merged;
}
