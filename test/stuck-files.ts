import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { type MessageEvent, WebSocket } from 'undici';
import type { Reporter, TestModule } from 'vitest/node';

/** The slowest file takes three minutes on a quiet machine. */
const LIMIT_MINUTES = Number(process.env['STACKMETER_TEST_FILE_MINUTES'] ?? 15);
/** Where Node.js listens for debuggers after SIGUSR1. */
const INSPECTOR = '127.0.0.1:9229';

/**
 * Ends a run whose test file does not end. Tests have time limits, but imports have none, and no limit helps while a loop
 * keeps the process busy. Says which file it is, and where in the code its process is.
 */
export default class StuckFiles implements Reporter {
  readonly #timers = new Map<string, NodeJS.Timeout>();

  onTestModuleQueued({ moduleId }: TestModule): void {
    const timer = setTimeout(() => void endRun(moduleId), LIMIT_MINUTES * 60_000);
    this.#timers.set(moduleId, timer.unref());
  }

  onTestModuleEnd({ moduleId }: TestModule): void {
    clearTimeout(this.#timers.get(moduleId));
  }
}

async function endRun(file: string): Promise<void> {
  process.stderr.write(`\n${file} has not ended after ${LIMIT_MINUTES} minutes, so this run ends.\n`);
  for (const pid of childrenOf(process.pid)) {
    const stack = await Promise.race([
      stackOf(pid).catch(String),
      wait(10_000, 'no answer within 10 seconds'),
    ]);
    process.stderr.write(`Process ${pid} is here:\n${stack}\n`);
    process.kill(pid, 'SIGKILL');
  }
  process.exit(1);
}

/** Empty where there is no /proc. */
function childrenOf(parent: number): number[] {
  if (!existsSync('/proc/self/stat')) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === parent)
    .map(Number);
}

function parentOf(pid: string): number | undefined {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1]);
  } catch {
    return undefined; // the process has ended meanwhile
  }
}

/** The JavaScript stack of a process of Node.js, which may be in a loop. */
async function stackOf(pid: number): Promise<string> {
  process.kill(pid, 'SIGUSR1');
  const socket = new WebSocket(await debuggerUrl());
  await once(socket, 'open');
  const urls = new Map<string, string>();
  const paused = new Promise<string>((resolve) => {
    socket.addEventListener('message', ({ data }: MessageEvent<string>) => {
      const message = JSON.parse(data) as Message;
      if (message.method === 'Debugger.scriptParsed') urls.set(message.params.scriptId, message.params.url);
      if (message.method === 'Debugger.paused') resolve(stackText(message.params.callFrames, urls));
    });
  });
  for (const [id, method] of ['Debugger.enable', 'Debugger.pause'].entries())
    socket.send(JSON.stringify({ id, method }));
  return await paused;
}

/** A part of https://chromedevtools.github.io/devtools-protocol/v8/Debugger/ */
type Message =
  | { method: 'Debugger.scriptParsed'; params: { scriptId: string; url: string } }
  | { method: 'Debugger.paused'; params: { callFrames: CallFrame[] } }
  | { method?: undefined };

interface CallFrame {
  functionName: string;
  location: { scriptId: string; lineNumber: number };
}

function stackText(frames: readonly CallFrame[], urls: ReadonlyMap<string, string>): string {
  return frames
    .map(({ functionName, location: { scriptId, lineNumber } }) => {
      return `    at ${functionName || '(anonymous)'} ${urls.get(scriptId)}:${lineNumber + 1}`;
    })
    .join('\n');
}

async function debuggerUrl(): Promise<string> {
  for (;;) {
    try {
      const answer = await fetch(`http://${INSPECTOR}/json`);
      const [target] = (await answer.json()) as [{ webSocketDebuggerUrl: string }];
      return target.webSocketDebuggerUrl;
    } catch {
      await wait(100); // it does not listen yet
    }
  }
}
