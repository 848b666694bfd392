/** A fault in the answer to a request, for tests of clients. Unset members do not change the answer. */
export interface Fault {
  status?: number;
  headers?: Readonly<Record<string, string>>;
  /** Replaces the body. */
  body?: string;
  /** The connection breaks after this number of bytes of the body. */
  truncateBytes?: number;
  /** A delay before the answer. */
  delayMs?: number;
  /** Closes the connection instead of answering. */
  cut?: boolean;
  /** Never answers, and keeps the connection open. */
  hangs?: boolean;
}

/** Called for every request. Undefined means no fault. `query` is the client's text without the `?`. */
export type FaultHook = (request: { method: string; path: string; query: string }) => Fault | undefined;
