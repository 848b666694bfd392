/** A request that is not served. The message is the one line that the client gets: it never says what exists. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    line: string,
    options: { headers?: Record<string, string>; cause?: unknown } = {},
  ) {
    super(line, 'cause' in options ? { cause: options.cause } : {});
    this.status = status;
    this.headers = options.headers ?? {};
  }
}
