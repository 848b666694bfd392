import { DatabaseError } from 'pg';

/** Classes of SQLSTATE about the values in a statement: invalid data, a violated constraint, an exceeded limit. */
const OF_VALUES = new Set(['22', '23', '54']);

/** Errors that our own code throws for values with which it cannot compute. */
const OF_PROGRAM = [RangeError, TypeError, SyntaxError];

/** The start of V8's RangeError when memory is used up. */
const OF_MEMORY = 'Array buffer allocation failed';

/**
 * Whether samples cannot be folded because of their content, and so never will be. All other errors pass some day: a server
 * that is down, full or restarted, a lost connection, a deadlock, a schema change, used-up memory.
 */
export function isContentError(error: unknown): boolean {
  if (error instanceof DatabaseError) return OF_VALUES.has(error.code?.slice(0, 2) ?? '');
  return OF_PROGRAM.some((kind) => error instanceof kind && !error.message.startsWith(OF_MEMORY));
}
