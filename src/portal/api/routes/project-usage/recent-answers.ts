import { once } from 'node:events';
import type { Clock } from '../../../../runtime/clock.ts';

/** An answer, and the instant at which somebody asked for it. */
export interface RecentAnswer<T> {
  answer: T;
  askedAtMs: number;
}

interface ComingAnswer<T> {
  askedAtMs: number;
  answer: Promise<T>;
  /** How many wait for it. Nobody makes it once all have left. */
  waiting: number;
  end: AbortController;
}

interface Limits<T> {
  /** For how long an answer is kept. */
  keptMs: number;
  /** The size of all answers that are kept. */
  size: number;
  sizeOf: (answer: T) => number;
}

/**
 * Keeps answers for a while, by their questions. One answer serves all who accept its age. The key of a question must have
 * all that the answer depends on: also the scope (P2).
 */
export class RecentAnswers<T> {
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #limits: Limits<T>;
  /** The one that was made last is at the end. */
  readonly #kept = new Map<string, RecentAnswer<T>>();
  readonly #coming = new Map<string, ComingAnswer<T>>();

  constructor(clock: Pick<Clock, 'nowMs'>, limits: Limits<T>) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Takes an answer that was asked for less than `maxAgeMs` ago, or makes one. Throws the reason of `gone`. */
  async take(
    key: string,
    maxAgeMs: number,
    make: (gone: AbortSignal) => Promise<T>,
    gone: AbortSignal,
  ): Promise<RecentAnswer<T>> {
    gone.throwIfAborted();
    const sinceMs = this.#clock.nowMs() - maxAgeMs;
    const kept = this.#kept.get(key);
    if (kept !== undefined && kept.askedAtMs > sinceMs) return kept;
    const coming = this.#coming.get(key);
    if (coming !== undefined && coming.askedAtMs > sinceMs) return await this.#wait(key, coming, gone);
    return await this.#wait(key, this.#begin(key, make), gone);
  }

  #begin(key: string, make: (gone: AbortSignal) => Promise<T>): ComingAnswer<T> {
    const end = new AbortController();
    const askedAtMs = this.#clock.nowMs();
    const answer = make(end.signal);
    const coming = { askedAtMs, answer, waiting: 0, end };
    this.#coming.set(key, coming);
    const over = () => this.#end(key, coming);
    void answer.then((made) => this.#keep(key, { answer: made, askedAtMs })).then(over, over);
    return coming;
  }

  async #wait(key: string, coming: ComingAnswer<T>, gone: AbortSignal): Promise<RecentAnswer<T>> {
    coming.waiting += 1;
    const left = new AbortController();
    try {
      const leaving = once(gone, 'abort', { signal: left.signal }).then(() => gone.throwIfAborted());
      return { answer: (await Promise.race([coming.answer, leaving])) as T, askedAtMs: coming.askedAtMs };
    } finally {
      left.abort();
      coming.waiting -= 1;
      if (coming.waiting === 0) this.#end(key, coming);
    }
  }

  #end(key: string, coming: ComingAnswer<T>): void {
    if (this.#coming.get(key) === coming) this.#coming.delete(key);
    coming.end.abort(new Error('nobody waits for this answer'));
  }

  #keep(key: string, made: RecentAnswer<T>): void {
    if (made.askedAtMs < (this.#kept.get(key)?.askedAtMs ?? -Infinity)) return;
    this.#kept.delete(key);
    this.#kept.set(key, made);
    setTimeout(() => {
      if (this.#kept.get(key) === made) this.#kept.delete(key);
    }, this.#limits.keptMs).unref();
    this.#forgetOldest();
  }

  #forgetOldest(): void {
    const { size: most, sizeOf } = this.#limits;
    let size = [...this.#kept.values()].reduce((sum, { answer }) => sum + sizeOf(answer), 0);
    for (const [key, { answer }] of this.#kept) {
      if (size <= most) return;
      this.#kept.delete(key);
      size -= sizeOf(answer);
    }
  }
}
