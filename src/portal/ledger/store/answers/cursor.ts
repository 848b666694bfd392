import { CursorError } from '../../question-errors.ts';

/** A cursor: the place after a row, as its sort keys. Callers pass it back unchanged. */
export function writeCursor(keys: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(keys)).toString('base64url');
}

/** The keys of a cursor, with the types of `example`. Throws `CursorError` for text that `writeCursor` did not write. */
export function readCursor<K extends readonly (string | number)[]>(cursor: string, example: K): K {
  try {
    const keys: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (
      Array.isArray(keys) &&
      keys.length === example.length &&
      example.every((key, i) => typeof key === typeof keys[i] && fitsColumn(keys[i]))
    )
      return keys as unknown as K;
  } catch {
    // Not JSON: refused below.
  }
  throw new CursorError();
}

/** Numbers in cursors are hours, which are integers of four bytes in the database. Text in the database has no NUL. */
function fitsColumn(key: unknown): boolean {
  if (typeof key === 'string') return !key.includes('\0');
  return Number.isInteger(key) && Math.abs(key as number) < 2 ** 31;
}
