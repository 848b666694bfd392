/**
 * The ids of one kind of thing at a site, such as its resources. They come from the site's own counter, under the lock on
 * the site, and not from a sequence: so they stay small, and fit tables that are distributed by site.
 */
export class IdMap {
  /** The ids that were loaded at the start. */
  readonly #known: ReadonlyMap<string, { id: number }>;
  readonly #others = new Map<string, number>();
  readonly #counter: IdCounter;
  #added: NewId[] = [];

  constructor(known: ReadonlyMap<string, { id: number }>, counter: IdCounter) {
    this.#known = known;
    this.#counter = counter;
  }

  /** Adds an id that was not loaded at the start. */
  learn(key: string, id: number): void {
    this.#others.set(key, id);
  }

  /** The id of a key; undefined if it has none yet. */
  known(key: string): number | undefined {
    return this.#known.get(key)?.id ?? this.#others.get(key);
  }

  /** The id of a key. Makes one for a new key. */
  idOf(key: string): number {
    const known = this.known(key);
    if (known !== undefined) return known;
    const id = this.#counter.next;
    this.#counter.next += 1;
    this.#others.set(key, id);
    this.#added.push({ id, key });
    return id;
  }

  /** The new ids that have to be written, in order of their creation. Each id is returned once. */
  takeAdded(): NewId[] {
    const added = this.#added;
    this.#added = [];
    return added;
  }
}

interface NewId {
  id: number;
  key: string;
}

export interface IdCounter {
  /** The next id. */
  next: number;
}
