import { Turns } from '../database/turns.ts';

/** Rows are read into memory at once, but a CSV keeps its turn as long as its client reads. */
export type QuestionKind = 'rows' | 'csv';

const BOUNDS = { rows: { running: 3, waiting: 50 }, csv: { running: 1, waiting: 5 } } as const;

/** Lets each person and token ask a few questions at a time, so that nobody takes all turns of the ledger. */
export class QuestionTurns {
  readonly #turns = new Map<string, { turns: Turns; users: number }>();

  /** Waits for a turn of `who`. Returns a function that ends it. Throws `TooManyWaitError`, or the reason of `gone`. */
  async take(who: string, kind: QuestionKind, gone: AbortSignal): Promise<() => void> {
    const key = `${kind} ${who}`;
    const { running, waiting } = BOUNDS[kind];
    const own = this.#turns.get(key) ?? { turns: new Turns(running, waiting), users: 0 };
    this.#turns.set(key, own);
    own.users += 1;
    const leave = () => {
      own.users -= 1;
      if (own.users === 0) this.#turns.delete(key);
    };
    try {
      const end = await own.turns.take(gone);
      return () => {
        end();
        leave();
      };
    } catch (error) {
      leave();
      throw error;
    }
  }
}
