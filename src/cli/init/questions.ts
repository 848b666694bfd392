import { UserError } from '../../runtime/user-error.ts';
import { onTerminal } from '../terminal.ts';

/** Asks for an answer and proposes one. Throws `UserError` if nothing is proposed and nobody answers. */
export type Ask = (question: string, proposal: string | undefined) => Promise<string>;

/** Calls `use` with questions to the terminal. With `yes`, and without a terminal, every proposal is the answer. */
export async function withQuestions<T>(yes: boolean, use: (ask: Ask) => Promise<T>): Promise<T> {
  if (yes || !process.stdin.isTTY)
    return await use(async (question, proposal) => await Promise.resolve(required(question, proposal)));
  return await onTerminal(
    async (askText) =>
      await use(async (question, proposal) => {
        const answer = await askText(`${question}${proposal === undefined ? '' : ` [${proposal}]`}: `);
        return answer === '' ? required(question, proposal) : answer;
      }),
  );
}

function required(question: string, proposal: string | undefined): string {
  if (proposal === undefined) throw new UserError(`${question}: give an answer`);
  return proposal;
}
