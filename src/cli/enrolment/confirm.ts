import { UserError } from '../../runtime/user-error.ts';
import { onTerminal } from '../terminal.ts';

/** Asks on the terminal, unless `yes` has answered already. Throws `UserError` without a terminal, and for a no. */
export async function confirm(question: string, yes: boolean): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY)
    throw new UserError(
      `there is no terminal to ask on: if the answer to '${question}' is yes, run the command with --yes`,
    );
  const answer = await onTerminal(async (ask) => await ask(`${question} [y/N] `));
  if (!/^y(es)?$/i.test(answer)) throw new UserError('nothing was changed');
}
