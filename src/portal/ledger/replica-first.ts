import type { Answers } from './answers.ts';

export interface ReplicaFirstParts {
  replica: {
    /** How many seconds the replica is behind at most; undefined while it cannot be used. */
    age(): Promise<number | undefined>;
    /** Whether the primary may answer the question that failed at the replica with this error. */
    isToBlame(error: unknown): boolean;
  };
  onReplica: Answers;
  onPrimary: Answers;
}

/** Answers of the ledger from a read replica, or from the primary while the replica cannot be used. */
export class ReplicaFirst {
  readonly #parts: ReplicaFirstParts;

  constructor(parts: ReplicaFirstParts) {
    this.#parts = parts;
  }

  async age(): Promise<number | undefined> {
    return await this.#parts.replica.age();
  }

  /** `tellAge` hears the age of the replica for each answer from it, before the answer. */
  answers(tellAge: (seconds: number) => void): Answers {
    const ask = async <T>(of: (from: Answers) => Promise<T>) => await this.#ask(of, tellAge);
    return {
      sites: (question, gone) => ask((from) => from.sites(question, gone)),
      projects: (query, gone) => ask((from) => from.projects(query, gone)),
      usage: (query, gone) => ask((from) => from.usage(query, gone)),
      projectUsages: (query, gone) => ask((from) => from.projectUsages(query, gone)),
      coverage: (query, gone) => ask((from) => from.coverage(query, gone)),
      corrections: (query, gone) => ask((from) => from.corrections(query, gone)),
      anomalies: (query, gone) => ask((from) => from.anomalies(query, gone)),
      refusals: (query, gone) => ask((from) => from.refusals(query, gone)),
      sweeps: (query, gone) => ask((from) => from.sweeps(query, gone)),
      allUsage: (query, gone) => this.#stream((from) => from.allUsage(query, gone), tellAge),
    };
  }

  async #ask<T>(of: (from: Answers) => Promise<T>, tellAge: (seconds: number) => void): Promise<T> {
    const { replica, onReplica, onPrimary } = this.#parts;
    const age = await replica.age();
    if (age === undefined) return await of(onPrimary);
    try {
      const answer = await of(onReplica);
      tellAge(age);
      return answer;
    } catch (error) {
      if (!replica.isToBlame(error)) throw error;
      return await of(onPrimary);
    }
  }

  /** An answer whose first rows have left cannot begin again at the primary. */
  async *#stream<T>(
    of: (from: Answers) => AsyncIterable<T>,
    tellAge: (seconds: number) => void,
  ): AsyncGenerator<T> {
    const { replica, onReplica, onPrimary } = this.#parts;
    const age = await replica.age();
    if (age !== undefined) {
      let hasLeft = false;
      try {
        for await (const rows of of(onReplica)) {
          if (!hasLeft) tellAge(age);
          hasLeft = true;
          yield rows;
        }
        if (!hasLeft) tellAge(age);
        return;
      } catch (error) {
        if (!replica.isToBlame(error) || hasLeft) throw error;
      }
    }
    yield* of(onPrimary);
  }
}
