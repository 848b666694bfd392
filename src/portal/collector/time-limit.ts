/** Aborts its signal after a time. The time does not pass while the limit is stopped. */
export class TimeLimit {
  readonly #over = new AbortController();
  #leftMs: number;
  #startMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(durationMs: number) {
    this.#leftMs = durationMs;
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
}
