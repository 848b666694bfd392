import { setImmediate as nextTurn } from 'node:timers/promises';

/** What is done with each item, one after the other. */
export interface Stages<Item, Loaded, Changes> {
  load: (item: Item) => Promise<Loaded>;
  /** Computes, while the database loads the next items and writes the last. */
  fold: (item: Item, loaded: Loaded) => Changes | Promise<Changes>;
  write: (changes: Changes) => Promise<void>;
}

/** Loaded ahead of the item that is folded: what the next one needs must not wait behind what the present one writes. */
const AHEAD = 2;

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
  const loading: Promise<Loaded>[] = [];
  const begin = (item: Item) => void loading.push(watched(load(item)));
  let writing: Promise<void> = Promise.resolve();
  try {
    items.slice(0, AHEAD).forEach(begin);
    for (const [index, item] of items.entries()) {
      const loaded = (await loading.shift()) as Loaded;
      items.slice(index + AHEAD, index + AHEAD + 1).forEach(begin);
      // What was begun is on the wire before we compute.
      await nextTurn();
      const changes = await fold(item, loaded);
      await writing;
      writing = watched(write(changes));
    }
    await writing;
  } catch (error) {
    failures.push(error);
  }
  await Promise.allSettled([...loading, writing]);
  if (failures.length > 0) throw failures[0];
}
