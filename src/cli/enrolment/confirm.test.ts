import { expect, it } from 'vitest';
import { confirm } from './confirm.ts';

it('takes --yes for an answer, and refuses in one line where it cannot ask', async () => {
  await confirm('Sure?', true);
  const isTerminal = process.stdin.isTTY;
  process.stdin.isTTY = false;
  await expect(confirm('Sure?', false)).rejects.toThrow(
    "there is no terminal to ask on: if the answer to 'Sure?' is yes, run the command with --yes",
  );
  process.stdin.isTTY = isTerminal;
});
