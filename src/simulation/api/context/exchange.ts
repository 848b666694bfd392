/** A request to the simulated APIs, read whole. */
export interface ApiRequest {
  method: string;
  /** Without the query, not decoded. */
  path: string;
  query: URLSearchParams;
  /** Names in lower case. */
  headers: Readonly<Record<string, string | undefined>>;
  body: string;
  /** `http://HOST:PORT` as the client wrote it: links and catalog lead back to where it came from. */
  origin: string;
}

export interface Answer {
  status: number;
  headers?: Readonly<Record<string, string>>;
  /** Text is sent as HTML, anything else as JSON. */
  body: unknown;
}

/** A request that is answered with an error. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly answer: Answer;

  constructor(answer: Answer) {
    super(`HTTP ${answer.status}`);
    this.answer = answer;
  }
}

/** `2026-11-22T13:54:57.000000`, UTC, the form of Nova's times. */
export function formatMicroseconds(instantMs: number): string {
  return `${new Date(instantMs).toISOString().slice(0, -1)}000`;
}

/** `2026-11-22T13:54:57Z`. */
export function formatSeconds(instantMs: number): string {
  return `${new Date(instantMs).toISOString().slice(0, 19)}Z`;
}
