/** What goes wrong with a request: for tests of those who ask. Members that are not set leave the true answer as it is. */
export interface Fault {
  status?: number;
  headers?: Readonly<Record<string, string>>;
  /** Instead of the true body. */
  body?: string;
  /** The answer breaks off after so many bytes, and the connection with it. */
  truncateBytes?: number;
  /** Before the answer. */
  delayMs?: number;
  /** The connection is cut instead of an answer. */
  cut?: boolean;
  /** There is no answer, and the connection stays. */
  hangs?: boolean;
}

/** Asked for every request; undefined lets it pass. `query` is as the client sent it, without the `?`. */
export type FaultHook = (request: { method: string; path: string; query: string }) => Fault | undefined;
