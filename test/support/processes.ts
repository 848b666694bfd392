import { spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { chmodSync, closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const cli = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** If output has not appeared by then, it will never appear, even on a busy machine. */
const HANGS_AFTER_MS = 240_000;

export interface Running {
  pid: number | undefined;
  /** All output so far, of stdout and stderr. */
  output(): string;
  /** Resolves with the first match in the output; rejects with the output if the process ends without a match. */
  waitFor(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>;
  /** Sends a signal that does not end the process, such as SIGHUP. */
  send(signal: NodeJS.Signals): void;
  /** Ends the process with a signal; resolves with its exit code, or null if the signal killed it. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  exited: Promise<number | null>;
}

export interface StartOptions {
  cwd?: string;
  env?: Record<string, string | undefined>;
  /** Files to read from and to write to. `output()` lacks the text that goes to a file. */
  stdin?: string | undefined;
  stdout?: string | undefined;
}

/** Starts the compiled `stackmeter` command without the caller's OS_ and STACKMETER_ variables. */
export function startStackmeter(args: readonly string[], options: StartOptions = {}): Running {
  return startProgram(process.execPath, [cli, ...args], options);
}

export function startProgram(program: string, args: readonly string[], options: StartOptions = {}): Running {
  const stdin = options.stdin === undefined ? ('ignore' as const) : openSync(options.stdin, 'r');
  const stdout = options.stdout === undefined ? ('pipe' as const) : openSync(options.stdout, 'w');
  const child = spawn(program, args, {
    cwd: options.cwd ?? tmpdir(),
    env: { ...inheritedEnvironment(), ...options.env },
    stdio: [stdin, stdout, 'pipe'],
  });
  for (const file of [stdin, stdout]) if (typeof file === 'number') closeSync(file);
  return observe(child, `${program} ${args.join(' ')}`);
}

/** Runs a `stackmeter` command to its end. */
export async function runStackmeter(
  args: readonly string[],
  options: StartOptions = {},
): Promise<{ code: number | null; output: string }> {
  const running = startStackmeter(args, options);
  return { code: await running.exited, output: running.output() };
}

function inheritedEnvironment(): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(OS_|STACKMETER_|USAGE_EXPORTER_|PORTAL_AUTH|DATABASE_URL|VITEST|NODE_ENV)/.test(name),
    ),
  );
}

function observe(child: ChildProcess, description: string): Running {
  let output = '';
  const listeners = new Set<() => void>();
  const onChange = () => {
    for (const listener of listeners) listener();
  };
  const append = (chunk: Buffer) => {
    output += chunk.toString();
    onChange();
  };
  child.stdout?.on('data', append);
  child.stderr?.on('data', append);
  const exited = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code));
  });
  let ended = false;
  void exited
    .catch(() => null)
    .then(() => {
      ended = true;
      onChange();
    });
  return {
    pid: child.pid,
    output: () => output,
    exited,
    waitFor: (pattern, timeoutMs = HANGS_AFTER_MS) =>
      new Promise((resolve, reject) => {
        const check = () => {
          const match = pattern.exec(output);
          if (match) finish(() => resolve(match));
          else if (ended)
            finish(() => reject(new Error(`${description} ended before ${pattern}:\n${output}`)));
        };
        const timer = setTimeout(
          () => finish(() => reject(new Error(`${description} never printed ${pattern}:\n${output}`))),
          timeoutMs,
        );
        const finish = (settle: () => void) => {
          clearTimeout(timer);
          listeners.delete(check);
          settle();
        };
        listeners.add(check);
        check();
      }),
    send: (signal) => void child.kill(signal),
    stop: async (signal = 'SIGTERM') => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      return await exited;
    },
  };
}

/** The milliseconds of CPU that a process has taken so far. They do not grow while it waits for other programs. */
export function cpuMs(pid: number | undefined): number {
  const folder = `/proc/${pid}/task`;
  return readdirSync(folder)
    .map((task) => Number(readFileSync(`${folder}/${task}/schedstat`, 'utf8').split(' ')[0]) / 1e6)
    .reduce((sum, ms) => sum + ms, 0);
}

/** Makes a folder for one test, which is removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'stackmeter-test-'));
  // If the portal runs as root, its embedded PostgreSQL runs under another account, which must enter the folder.
  chmodSync(folder, 0o755);
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Systems choose ports from 32768 on for connections and for port 0, so a lower port stays free until it is used. */
const PORTS = [10_000, 32_768] as const;

/** A free port, for programs that cannot choose a port and report it. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(...PORTS);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return await new Promise((resolve) => {
    server.on('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** Calls `attempt` until it resolves with a value; rejects with its last error after `timeoutMs`. */
export async function eventually<T>(
  attempt: () => Promise<T | undefined>,
  timeoutMs = HANGS_AFTER_MS,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown = new Error(`no result within ${timeoutMs} ms`);
  while (Date.now() < deadline) {
    try {
      const result = await attempt();
      if (result !== undefined) return result;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw last;
}
