import { setMaxListeners } from 'node:events';

/** Aborts its signal after a time, or with another signal. The time does not pass while the limit is stopped. */
export class TimeLimit {
  readonly #over = new AbortController();
  readonly #other: AbortSignal | undefined;
  #leftMs: number;
  #startMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(durationMs: number, other?: AbortSignal) {
    this.#leftMs = durationMs;
    this.#other = other;
    // Many requests at once may follow one signal, and from eleven on Node.js warns of a leak.
    if (other !== undefined) setMaxListeners(0, other);
    // `AbortSignal.any` would take several times the CPU, and there are many limits.
    other?.addEventListener('abort', this.#follow, { once: true });
    if (other?.aborted === true) this.#follow();
    this.start();
  }

  get signal(): AbortSignal {
    return this.#over.signal;
  }

  start(): void {
    this.#startMs = performance.now();
    const end = () => this.#over.abort(new DOMException('The time is over', 'TimeoutError'));
    this.#timer = setTimeout(end, this.#leftMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#leftMs -= performance.now() - this.#startMs;
  }

  /** Stops for good. The signal aborts no more. */
  end(): void {
    this.stop();
    this.#other?.removeEventListener('abort', this.#follow);
  }

  readonly #follow = () => this.#over.abort(this.#other?.reason);
}
