/** Too many others are waiting already. */
export class TooManyWaitError extends Error {
  override readonly name = 'TooManyWaitError';
}

/** Lets up to `count` works run at a time. Others wait in order of arrival, and leave if they are no longer wanted. */
export class Turns {
  #free: number;
  readonly #mostWaiting: number;
  readonly #waiting = new Set<() => void>();

  constructor(count: number, mostWaiting = Infinity) {
    this.#free = count;
    this.#mostWaiting = mostWaiting;
  }

  /** Runs `work` in a turn. Throws the reason of `gone` if it is aborted before the turn comes. */
  async run<T>(work: () => Promise<T>, gone?: AbortSignal): Promise<T> {
    const end = await this.take(gone);
    try {
      return await work();
    } finally {
      end();
    }
  }

  /** Yields everything from the iterable of `make`, in one turn that lasts until its end. */
  async *through<T>(make: () => AsyncIterable<T>, gone?: AbortSignal): AsyncGenerator<T> {
    const end = await this.take(gone);
    try {
      yield* make();
    } finally {
      end();
    }
  }

  /** Waits for a turn. Returns a function that ends the turn. */
  async take(gone?: AbortSignal): Promise<() => void> {
    gone?.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else await this.#wait(gone);
    let over = false;
    return () => {
      if (!over) this.#pass();
      over = true;
    };
  }

  async #wait(gone: AbortSignal | undefined): Promise<void> {
    if (this.#waiting.size >= this.#mostWaiting) throw new TooManyWaitError();
    await new Promise<void>((resolve, reject) => {
      const begin = () => {
        gone?.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        this.#waiting.delete(begin);
        reject(gone?.reason as Error);
      };
      this.#waiting.add(begin);
      gone?.addEventListener('abort', leave, { once: true });
    });
  }

  #pass(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free += 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
