import { DatabaseError } from 'pg';

/** Classes of SQLSTATE that speak of the values in a statement: what is no such value, breaks a constraint, or exceeds a limit. */
const OF_VALUES = new Set(['22', '23', '54']);

/** What our own code throws at values that it can't compute with. */
const OF_PROGRAM = [RangeError, TypeError, SyntaxError];

/** How V8 begins a RangeError where memory is used up. */
const OF_MEMORY = 'Array buffer allocation failed';

/**
 * Whether something can't be folded for what is in it, and so never will be. Everything else (a server that is away, full, or
 * restarted, a lost connection, a deadlock, a schema that is being changed, memory that is used up) passes, however long it lasts.
 */
export function isOfContent(error: unknown): boolean {
  if (error instanceof DatabaseError) return OF_VALUES.has(error.code?.slice(0, 2) ?? '');
  return OF_PROGRAM.some((kind) => error instanceof kind && !error.message.startsWith(OF_MEMORY));
}
