import { isDeepStrictEqual } from 'node:util';
import { parse, type TomlTable } from 'smol-toml';
import { UserError } from '../user-error.ts';

type Value = string | number | boolean | readonly string[] | undefined;

/** Adds a table `[[name]]` at the end of a TOML text, which stays as it is. */
export function withTable(text: string, name: string, table: Record<string, Value>): string {
  const lines = Object.entries(table)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`);
  const gap = text === '' ? '' : text.endsWith('\n') ? '\n' : '\n\n';
  return `${text}${gap}[[${name}]]\n${lines.join('')}`;
}

/**
 * The text without the tables `[[name]]` for which `isGone` is true, each with the blank line above it. All else stays as it
 * is, comments too. Throws `UserError` if the text is too unusual to be sure.
 */
export function withoutTables(
  text: string,
  name: string,
  isGone: (table: Record<string, unknown>) => boolean,
): string {
  const expected = parse(text);
  const tables = (expected[name] ?? []) as TomlTable[];
  const left = tables.filter((table) => !isGone(table));
  if (left.length === 0) delete expected[name];
  else expected[name] = left;
  const lines = text.split(/(?<=\n)/);
  const gone = blocksOf(lines, name).filter((_, index) => isGone(tables[index] ?? {}));
  const rest = lines.filter((_, at) => !gone.some(({ start, end }) => start <= at && at < end)).join('');
  if (parsesAs(rest, expected)) return rest;
  throw new UserError(
    `the [[${name}]] is written in a way that this command does not know: remove it by hand`,
  );
}

/** The lines of each table: from its header, and a blank line above, to its last line that is neither blank nor a comment. */
function blocksOf(lines: readonly string[], name: string): { start: number; end: number }[] {
  const isHeader = (line: string) => new RegExp(`^\\s*\\[\\[\\s*${name}\\s*\\]\\]`).test(line);
  const isOther = (line: string) =>
    /^\s*\[/.test(line) && !new RegExp(`^\\s*\\[+\\s*${name}\\s*\\.`).test(line);
  return lines.flatMap((line, at) => {
    if (!isHeader(line)) return [];
    const next = lines.findIndex((other, index) => index > at && isOther(other));
    const body = lines.slice(at, next === -1 ? undefined : next);
    const end = at + 1 + body.findLastIndex((other) => !/^\s*(#|$)/.test(other));
    return [{ start: at > 0 && lines[at - 1]?.trim() === '' ? at - 1 : at, end }];
  });
}

function parsesAs(text: string, expected: unknown): boolean {
  try {
    return isDeepStrictEqual(parse(text), expected);
  } catch {
    return false;
  }
}
