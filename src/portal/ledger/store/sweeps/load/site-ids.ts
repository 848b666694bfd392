/**
 * The ids of one kind of thing at a site, such as its resources. Ids are drawn from the site's own counter, under the
 * lock on the site, and not from a sequence: they stay small, and fit a table that is distributed by site.
 */
export class IdMap {
  /** Of what was loaded with the rest. */
  readonly #known: ReadonlyMap<string, { id: number }>;
  readonly #others = new Map<string, number>();
  readonly #counter: IdCounter;
  #added: NewId[] = [];

  constructor(known: ReadonlyMap<string, { id: number }>, counter: IdCounter) {
    this.#known = known;
    this.#counter = counter;
  }

  /** Tells an id that was not loaded with the rest. */
  learn(key: string, id: number): void {
    this.#others.set(key, id);
  }

  idOf(key: string): number {
    const known = this.#known.get(key)?.id ?? this.#others.get(key);
    if (known !== undefined) return known;
    const id = this.#counter.next;
    this.#counter.next += 1;
    this.#others.set(key, id);
    this.#added.push({ id, key });
    return id;
  }

  /** What was not known and is to be written, in the order in which it came; each is told once. */
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
  /** The id that is drawn next. */
  next: number;
}
