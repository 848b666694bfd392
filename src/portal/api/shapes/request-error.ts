/** A request that can't be answered as it is. Its message is one line that names the parameter. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly statusCode = 400;
}
