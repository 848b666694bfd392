import { codeOf } from '../../runtime/user-error.ts';

/**
 * Whether the database is down, by code (08: a connection ended, 57P0: the server ended), or by `pg`'s message without
 * a code.
 */
export function isDatabaseAway(error: Error): boolean {
  return (
    /^(?:ECONN|ENOENT|ETIMEDOUT|08|57P0)/.test(codeOf(error) ?? '') ||
    /^(?:Connection terminated|timeout exceeded when trying to connect)/.test(error.message)
  );
}
