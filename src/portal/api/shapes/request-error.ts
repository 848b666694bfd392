/** A request has a wrong parameter. The message is one line that names it. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly statusCode = 400;
}

/** A request is answered by a problem (RFC 9457). The message is one line. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly statusCode: number;
  readonly title: string;

  constructor(statusCode: number, title: string, message: string) {
    super(message);
    this.statusCode = statusCode;
    this.title = title;
  }
}
