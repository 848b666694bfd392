/**
 * A failure that the person who started the program can fix. Its message is one line: the problem, its place, and what to
 * do. The command line prints the message without a stack and exits with `exitCode`.
 */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly exitCode: number;

  constructor(message: string, options: { cause?: unknown; exitCode?: number } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : {});
    this.exitCode = options.exitCode ?? 1;
  }
}

/** The message of a thrown value, with the messages of its causes, on one line. */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  for (let current = error; current !== undefined && current !== null && parts.length < 5;) {
    const message =
      current instanceof Error ? current.message || codeOf(current) || current.name : textOf(current);
    if (message !== '' && !parts.some((part) => part.includes(message))) parts.push(message);
    current = current instanceof AggregateError ? current.errors[0] : (current as { cause?: unknown }).cause;
  }
  return oneLine(parts.join(': '));
}

/**
 * Replaces each newline, with the blanks around it, by one blank. The expression reads each blank once: `\s*\n\s*` would
 * take quadratic time.
 */
export function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, (blanks) => (blanks.includes('\n') ? ' ' : blanks));
}

/** The `code` of a system error, such as `EADDRINUSE`. */
export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}

function textOf(thrown: unknown): string {
  return typeof thrown === 'string' ? thrown : JSON.stringify(thrown);
}
