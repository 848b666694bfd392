/** A request to the simulated APIs, with its whole body. */
export interface ApiRequest {
  method: string;
  /** The path without the query, not decoded. */
  path: string;
  query: URLSearchParams;
  /** Names in lower case. */
  headers: Readonly<Record<string, string | undefined>>;
  body: string;
  /** `http://HOST:PORT` from the client's Host header: links and catalog use the same address. */
  origin: string;
}

export interface Answer {
  status: number;
  headers?: Readonly<Record<string, string>>;
  /** A string is sent as HTML, anything else as JSON. */
  body: unknown;
}

/** An error of the API, as the answer to a request. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly answer: Answer;

  constructor(answer: Answer) {
    super(`HTTP ${answer.status}`);
    this.answer = answer;
  }
}

/** `2026-11-22T13:54:57.000000`: UTC in the format of Nova's times. */
export function formatMicroseconds(instantMs: number): string {
  return `${new Date(instantMs).toISOString().slice(0, -1)}000`;
}

/** `2026-11-22T13:54:57Z`. */
export function formatSeconds(instantMs: number): string {
  return `${new Date(instantMs).toISOString().slice(0, 19)}Z`;
}
