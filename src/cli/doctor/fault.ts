import { describeError, UserError } from '../../runtime/user-error.ts';

/** The words of a failure that a person can mend. Throws any other error. */
export function faultOf(error: unknown): string {
  if (error instanceof UserError) return describeError(error);
  throw error;
}
