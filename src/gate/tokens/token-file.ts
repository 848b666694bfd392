import { readTextFile } from '../../runtime/files/text-file.ts';
import { describeError, UserError } from '../../runtime/user-error.ts';
import { hashToken, type Token } from './tokens.ts';

/** Characters that a header can carry, in a length that nobody can guess. */
export const TOKEN_PATTERN = /^[\x21-\x7e]{16,}$/;
export const TOKEN_NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/;
/** A shorter word that could be a name is probably the rest of a cut line. */
const MIN_NAME_LIKE_TOKEN = 32;

/** A day (its start in UTC) or an instant with a time zone. */
const DATE_PATTERN = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d))?$/;

/** Reads a token file. Throws `UserError`, which names the line but never shows its text. */
export function readTokenFile(path: string): Token[] {
  return parseTokenFile(readText(path), path);
}

function readText(path: string): string {
  try {
    return readTextFile(path);
  } catch (error) {
    throw new UserError(`cannot read the token file ${path}: ${describeError(error)}`, { cause: error });
  }
}

/**
 * A line is `NAME sha256:HEX`, `NAME sha256:HEX expires DATE`, or a token in plain text, as in the earlier system.
 * Skips blank lines and lines that start with #.
 */
export function parseTokenFile(text: string, path: string): Token[] {
  const tokens: Token[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const words = line.split(/[ \t]+/).filter((word) => word !== '');
    if (words.length === 0 || words[0]?.startsWith('#')) continue;
    tokens.push(parseLine(words, index + 1, path));
  }
  if (tokens.length === 0)
    throw new UserError(`${path} has no token: add the line that 'stackmeter token' prints`);
  return tokens;
}

function parseLine(words: readonly string[], lineNumber: number, path: string): Token {
  const where = `${path}:${lineNumber}`;
  const [first = '', ...rest] = words;
  if (rest.length > 0) return namedToken(first, rest, where);
  if (!TOKEN_PATTERN.test(first) || first.startsWith('sha256:'))
    throw new UserError(
      `${where}: expected a token of at least 16 characters, or NAME sha256:HEX [expires DATE]`,
    );
  if (first.length < MIN_NAME_LIKE_TOKEN && TOKEN_NAME_PATTERN.test(first))
    throw new UserError(
      `${where}: looks like a name without its sha256:HEX; add the hash, or write a token of at least ${MIN_NAME_LIKE_TOKEN} characters`,
    );
  return bareToken(`line-${lineNumber}`, first);
}

export function bareToken(name: string, token: string): Token {
  return { name, hash: hashToken(token), expiresMs: undefined };
}

function namedToken(name: string, [hash = '', keyword, date, ...more]: string[], where: string): Token {
  if (!TOKEN_NAME_PATTERN.test(name))
    throw new UserError(`${where}: a token's name has up to 64 letters, digits and . _ @ -`);
  const hex = /^sha256:([0-9a-fA-F]{64})$/.exec(hash)?.[1];
  if (hex === undefined)
    throw new UserError(`${where}: after the name, expected sha256: and 64 hexadecimal digits`);
  if (more.length > 0 || (keyword !== undefined && (keyword !== 'expires' || date === undefined)))
    throw new UserError(`${where}: after the hash, expected nothing, or expires and a date`);
  const expiresMs = date === undefined ? undefined : parseExpiry(date, where);
  return { name, hash: Buffer.from(hex, 'hex'), expiresMs };
}

/** Unix milliseconds at which a token expires. Throws `UserError`, with `where` in its message. */
export function parseExpiry(date: string, where: string): number {
  const expiresMs = Date.parse(date);
  if (!DATE_PATTERN.test(date) || Number.isNaN(expiresMs))
    throw new UserError(`${where}: '${date}' is not a date such as 2030-12-31 or 2030-12-31T12:00:00Z`);
  return expiresMs;
}
