import { setImmediate as nextTurn } from 'node:timers/promises';

/** The stages of each item, one after the other. */
export interface Stages<Item, Loaded, Changes> {
  load: (item: Item) => Promise<Loaded>;
  /** Computes while the database loads the next items and writes the previous one. */
  fold: (item: Item, loaded: Loaded) => Changes | Promise<Changes>;
  write: (changes: Changes) => Promise<void>;
}

/** Items that are loaded ahead: the load of the next item must not wait for the write of the present one. */
const AHEAD = 2;

/**
 * Takes items through three stages, so that this process and the database work at the same time. Writes keep their order.
 * Rejects with the first failure, because later statements of a failed transaction fail, too. Rejects only after all
 * started statements have ended: otherwise a statement could run after its transaction, outside of any.
 */
export async function foldInOverlap<Item, Loaded, Changes>(
  items: readonly Item[],
  { load, fold, write }: Stages<Item, Loaded, Changes>,
): Promise<void> {
  const failures: unknown[] = [];
  // A rejection that nobody awaits yet would end the process. The promise itself still rejects.
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
      // Send the started queries before computing.
      if (items.length > 1) await nextTurn();
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
