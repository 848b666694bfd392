import { codeOf } from '../../runtime/user-error.ts';

/**
 * Whether the database is down, or its name or network is away, by code (08: a connection ended, 57P0: the server ended,
 * 53300: it has too many connections), or by `pg`'s message without a code.
 */
export function isDatabaseAway(error: Error): boolean {
  return (
    /^(?:ECONN|ENOENT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EPIPE|ETIMEDOUT|08|57P0|53300)/.test(
      codeOf(error) ?? '',
    ) || /^(?:Connection terminated|timeout exceeded when trying to connect)/.test(error.message)
  );
}
