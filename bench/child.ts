import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { compiled } from './compiled.ts';

/** A compiled program of this folder in a child process. It answers each message with one message. */
export interface Child<Answer> {
  readonly pid: number;
  /** The first message, which the child sends when it is ready. */
  readonly greeting: unknown;
  ask(message: object): Promise<Answer>;
  /** Disconnects the child and waits for its exit. */
  close(): Promise<void>;
}

export async function startChild<Answer>(
  source: string,
  args: readonly string[] = [],
  execArgv: readonly string[] = [],
): Promise<Child<Answer>> {
  const child = fork(compiled(source), [...args], { execArgv: [...execArgv] });
  const greeting = await nextMessage(child);
  return {
    pid: child.pid ?? 0,
    greeting,
    ask: async (message) => {
      const answer = nextMessage(child);
      child.send(message);
      return (await answer) as Answer;
    },
    close: async () => {
      const exit = once(child, 'exit');
      child.disconnect();
      await exit;
    },
  };
}

async function nextMessage(child: ChildProcess): Promise<unknown> {
  const over = new AbortController();
  const { signal } = over;
  try {
    return await Promise.race([
      once(child, 'message', { signal }).then(([message]) => message as unknown),
      once(child, 'exit', { signal }).then(([code]) => {
        throw new Error(`${child.spawnfile} exited with ${code}`);
      }),
    ]);
  } finally {
    over.abort();
  }
}
