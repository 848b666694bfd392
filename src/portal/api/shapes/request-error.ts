/** A request has a wrong parameter. The message is one line that names it. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly statusCode = 400;
}
