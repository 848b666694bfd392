import type { ExporterState } from './state-format.ts';
import type { StateStore } from './state-store.ts';

/** The state as a refresh changes it. The store gets it on `save()`; a refresh that fails before leaves no change. */
export class StateDraft {
  readonly #store: StateStore;
  #state: ExporterState;
  #waiting: (() => void)[] = [];

  constructor(store: StateStore) {
    this.#store = store;
    this.#state = store.current();
  }

  current(): ExporterState {
    return this.#state;
  }

  /** @param whenSaved is called once the store has the change. */
  change(next: ExporterState, whenSaved?: () => void): void {
    this.#state = next;
    if (whenSaved !== undefined) this.#waiting.push(whenSaved);
  }

  /** Writes all changes at once. Writes nothing if the state on disk is the same. */
  async save(): Promise<void> {
    await this.#store.save(this.#state);
    const saved = this.#waiting;
    this.#waiting = [];
    for (const done of saved) done();
  }
}
