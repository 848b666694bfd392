import { ApiError } from '../api.ts';

/** The state of a query that is repeated. */
export interface LiveState<T> {
  /** The last answer. It stays if a later query fails. */
  data: T | undefined;
  /** Unix milliseconds of that answer. */
  loadedAtMs: number | undefined;
  /** The time of the first failure in a row, and the reason of the last one; both undefined after a success. */
  failingSinceMs: number | undefined;
  error: string | undefined;
  /** The HTTP status of that failure; undefined if there was no answer. */
  status: number | undefined;
  /** True until the first answer to the current question: `data` still answers the question before. */
  pending: boolean;
}

export interface LiveOptions<T> {
  load: (signal: AbortSignal) => Promise<T>;
  everyMs: number;
  nowMs: () => number;
  /** Whether the portal tells of news: the query then waits for it, and asks by itself less often. */
  isTold?: () => boolean;
  onChange: (state: LiveState<T>) => void;
}

/** The largest part of the time that queries may take. Slow queries are repeated less often. */
const REFRESH_SHARE = 0.1;
const LONGEST_PAUSE_MS = 60_000;
const TOLD_PAUSE_MS = 60_000;

export const NOTHING_YET: LiveState<never> = {
  data: undefined,
  loadedAtMs: undefined,
  failingSinceMs: undefined,
  error: undefined,
  status: undefined,
  pending: true,
};

/** Too many questions, or a slow one: the next attempt may be answered. */
const PASSING = new Set([408, 429]);

/** Whether the portal did not answer, rather than refuse: then it helps to try again. */
export function isUnanswered({ status }: Pick<LiveState<unknown>, 'status'>): boolean {
  return status === undefined || status >= 500 || PASSING.has(status);
}

/** Repeats a query, one at a time. It can pause, and it keeps the last answer through failures. */
export class LiveQuery<T> {
  readonly #options: LiveOptions<T>;
  #state: LiveState<T>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #request: AbortController | undefined;
  #pausesMs: number;
  /** When the present pause may end at the earliest; undefined while a query runs. */
  #pausedUntilMs: number | undefined;
  #hasNews = false;
  #running = false;

  /** @param before the state to show until the first answer. */
  constructor(options: LiveOptions<T>, before: LiveState<T> = NOTHING_YET) {
    this.#options = options;
    this.#pausesMs = options.everyMs;
    this.#state = { ...before, pending: true };
  }

  get state(): LiveState<T> {
    return this.#state;
  }

  /** Sends the query now, and then repeats it. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    void this.#ask();
  }

  /** Stops the queries. The state stays. */
  pause(): void {
    this.#running = false;
    clearTimeout(this.#timer);
    this.#request?.abort();
  }

  /** Sends the query now, if it is repeated, and not at its next time. */
  askNow(): void {
    if (!this.#running) return;
    this.pause();
    this.start();
  }

  /** Asks again as soon as the pause allows. */
  noteNews(): void {
    this.#hasNews = true;
    if (this.#running && this.#pausedUntilMs !== undefined) this.#askAt(this.#pausedUntilMs);
  }

  #askAt(atMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#ask(), Math.max(0, atMs - this.#options.nowMs()));
  }

  async #ask(): Promise<void> {
    const request = new AbortController();
    this.#request = request;
    this.#pausedUntilMs = undefined;
    this.#hasNews = false;
    const startedAtMs = this.#options.nowMs();
    try {
      const data = await this.#options.load(request.signal);
      if (!request.signal.aborted) this.#succeed(data, startedAtMs);
    } catch (error) {
      if (!request.signal.aborted) this.#fail(error);
    }
    if (!request.signal.aborted) this.#pauseNow();
  }

  #pauseNow(): void {
    const nowMs = this.#options.nowMs();
    this.#pausedUntilMs = nowMs + this.#pausesMs;
    const waits = !this.#hasNews && this.#state.error === undefined && this.#options.isTold?.() === true;
    this.#askAt(waits ? nowMs + Math.max(this.#pausesMs, TOLD_PAUSE_MS) : this.#pausedUntilMs);
  }

  #succeed(data: T, startedAtMs: number): void {
    const loadedAtMs = this.#options.nowMs();
    this.#pausesMs = pauseAfter(loadedAtMs - startedAtMs, this.#options.everyMs);
    this.#change({ ...NOTHING_YET, data, loadedAtMs, pending: false });
  }

  #fail(error: unknown): void {
    const failingSinceMs = this.#state.failingSinceMs ?? this.#options.nowMs();
    const status = error instanceof ApiError ? error.status : undefined;
    this.#pausesMs = isUnanswered({ status }) ? this.#options.everyMs : LONGEST_PAUSE_MS;
    this.#change({ ...this.#state, failingSinceMs, error: reasonOf(error), status });
  }

  #change(state: LiveState<T>): void {
    this.#state = state;
    this.#options.onChange(state);
  }
}

export function pauseAfter(tookMs: number, everyMs: number): number {
  return Math.max(everyMs, Math.min(tookMs / REFRESH_SHARE, LONGEST_PAUSE_MS));
}

/** If `fetch` cannot reach the portal, it throws a TypeError. Its text differs between browsers and does not help. */
export function reasonOf(error: unknown): string {
  if (error instanceof TypeError) return 'the portal cannot be reached';
  return error instanceof Error ? error.message : String(error);
}
