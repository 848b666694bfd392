import { readFileSync } from 'node:fs';
import { codeOf, describeError, UserError } from '../user-error.ts';

/** Reads a file in UTF-8, without the byte order mark that some editors put before the text. */
export function readTextFile(path: string): string {
  return readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
}

/** Reads a file that need not be there; undefined without it. Throws `UserError`. */
export function readOptionalFile(path: string): string | undefined {
  try {
    return readTextFile(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new UserError(`cannot read ${path}: ${describeError(error)}`, { cause: error });
  }
}
