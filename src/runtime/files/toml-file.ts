import { parse as parseToml, TomlError } from 'smol-toml';
import { readTextFile } from './text-file.ts';
import { describeError, UserError } from '../user-error.ts';

/** Reads a TOML file. Throws a `UserError` that names the file, the line and the column. */
export function readTomlFile(path: string): Record<string, unknown> {
  try {
    return parseToml(readTextFile(path));
  } catch (error) {
    if (error instanceof TomlError) throw tomlError(path, error);
    throw new UserError(`cannot read ${path}: ${describeError(error)}`, { cause: error });
  }
}

/** One line for a TOML error: `FILE:LINE:COLUMN: PROBLEM`. */
export function tomlError(path: string, error: TomlError): UserError {
  const what = error.message.split('\n')[0]?.replace('Invalid TOML document: ', '') ?? 'invalid TOML';
  return new UserError(`${path}:${error.line}:${error.column}: ${what}`, { cause: error });
}
