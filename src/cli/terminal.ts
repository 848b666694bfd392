import { createInterface } from 'node:readline/promises';
import { UserError } from '../runtime/user-error.ts';

/** Calls `use` with a function that asks on the terminal. Throws `UserError` if the person ends it with Ctrl-C or Ctrl-D. */
export async function onTerminal<T>(use: (ask: (text: string) => Promise<string>) => Promise<T>): Promise<T> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await use(async (text) => (await terminal.question(text)).trim());
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'AbortError') throw error;
    throw new UserError('nothing was changed', { cause: error });
  } finally {
    terminal.close();
  }
}

/** Words for a person go to standard error, so that standard output has only what a program reads. */
export function tell(...lines: readonly string[]): void {
  process.stderr.write(lines.map((line) => `${line}\n`).join(''));
}
