import type { ExporterState } from './state-format.ts';
import type { StateStore } from './state-store.ts';

/** What a refresh makes of the state. The store has it when it is saved; one that fails before leaves nothing of it. */
export interface StateDraft {
  current(): ExporterState;
  /** @param whenSaved is called once the store has it. */
  change(next: ExporterState, whenSaved?: () => void): void;
  /** Writes once, whatever has changed, and not at all what is on disk already. */
  save(): Promise<void>;
}

export function draftState(store: StateStore): StateDraft {
  let state = store.current();
  let waiting: (() => void)[] = [];
  return {
    current: () => state,
    change: (next, whenSaved) => {
      state = next;
      if (whenSaved !== undefined) waiting.push(whenSaved);
    },
    save: async () => {
      await store.save(state);
      const saved = waiting;
      waiting = [];
      for (const done of saved) done();
    },
  };
}
