/** The part of an `EventSource` that the pages use. */
export interface NewsSource {
  readonly readyState: number;
  addEventListener(type: string, listener: () => void): void;
  close(): void;
}

const CLOSED = 2;

/** The portal's server-sent events: they say that there are new readings, and the pages then ask. */
export class News {
  readonly #open: () => NewsSource;
  readonly #listeners = new Set<() => void>();
  #source: NewsSource | undefined;
  #isOpen = false;

  constructor(open: () => NewsSource) {
    this.#open = open;
  }

  /** True while the portal tells of news. If it refuses or ends that for good, pages ask often again. */
  get isTold(): boolean {
    return this.#isOpen && this.#source?.readyState !== CLOSED;
  }

  /** Calls `listener` at news, and when the stream breaks: something may be missed then. Returns the end of it. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    this.#source ??= this.#connect();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#source?.close();
      this.#source = undefined;
      this.#isOpen = false;
    };
  }

  #connect(): NewsSource {
    const source = this.#open();
    const tell = () => {
      for (const listener of this.#listeners) listener();
    };
    source.addEventListener('open', () => {
      this.#isOpen = true;
    });
    source.addEventListener('readings', tell);
    source.addEventListener('error', () => {
      if (this.#isOpen) tell();
    });
    return source;
  }
}
