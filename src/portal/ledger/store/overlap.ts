import { setImmediate as nextTurn } from 'node:timers/promises';

/** What is done with each item, one after the other. */
export interface Stages<Item, Loaded, Changes> {
  load: (item: Item) => Promise<Loaded>;
  /** Computes, while the database loads the next item and writes the last. */
  fold: (item: Item, loaded: Loaded) => Changes;
  write: (changes: Changes) => Promise<void>;
}

/**
 * Takes items through three stages so that this process and the database work at the same time; writes keep their order.
 * Rejects with what failed first, since a failed statement makes all that follow in its transaction fail; and only when nothing
 * is on its way any more: a statement that came after the end of its transaction would stand outside of any.
 */
export async function foldInOverlap<Item, Loaded, Changes>(
  items: readonly Item[],
  { load, fold, write }: Stages<Item, Loaded, Changes>,
): Promise<void> {
  const failures: unknown[] = [];
  // Whoever awaits it is told of a failure too; until then it would be nobody's, and end the process.
  const watched = <T>(promise: Promise<T>): Promise<T> => {
    promise.catch((error: unknown) => failures.push(error));
    return promise;
  };
  const begin = (index: number) => {
    const item = items[index];
    return item === undefined ? undefined : watched(load(item));
  };
  let loading = begin(0);
  let writing: Promise<void> = Promise.resolve();
  try {
    for (const [index, item] of items.entries()) {
      const loaded = (await loading) as Loaded;
      loading = begin(index + 1);
      // What was begun is on the wire before we compute.
      await nextTurn();
      const changes = fold(item, loaded);
      await writing;
      writing = watched(write(changes));
    }
    await writing;
  } catch (error) {
    failures.push(error);
  }
  await Promise.allSettled([loading, writing]);
  if (failures.length > 0) throw failures[0];
}
