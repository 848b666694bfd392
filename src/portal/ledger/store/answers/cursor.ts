import { CursorError } from '../../question-errors.ts';

/** The place after a row, as its sort keys. What it says is ours; callers hand it back as it is. */
export function writeCursor(keys: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(keys)).toString('base64url');
}

/** The keys of a cursor, with the types of `example`; throws a `CursorError` for what `writeCursor` did not write. */
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
    // Told below.
  }
  throw new CursorError();
}

/** Numbers in cursors are hours, which the database keeps as integers of four bytes. Its text holds no NUL. */
function fitsColumn(key: unknown): boolean {
  if (typeof key === 'string') return !key.includes('\0');
  return Number.isInteger(key) && Math.abs(key as number) < 2 ** 31;
}
