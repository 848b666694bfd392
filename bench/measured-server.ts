import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { Pool } from 'undici';

/** A server in a child process, with a client and the operating system's figures about it. */
export interface MeasuredServer {
  name: string;
  /** Sends a request, reads the whole answer, and returns its status. */
  ask(path: string, headers: Record<string, string>): Promise<number>;
  /** CPU time of all its threads since its start. */
  cpuMs(): number;
  memoryMb(field: 'VmHWM' | 'VmRSS'): number;
  close(): Promise<void>;
}

/** Starts a program that serves TLS on `port` and answers `ok` on /healthz when it is ready. */
export async function startServer(
  name: string,
  program: string,
  args: readonly string[],
  port: number,
  env: Record<string, string> = {},
): Promise<MeasuredServer> {
  const child = spawn(program, args, { stdio: 'ignore', env: { ...process.env, ...env } });
  const pool = new Pool(`https://127.0.0.1:${port}`, {
    connections: 8,
    connect: { rejectUnauthorized: false },
  });
  await untilReady(pool, name);
  return {
    name,
    ask: async (path, headers) => {
      const answer = await pool.request({ method: 'GET', path, headers });
      for await (const chunk of answer.body) void chunk;
      return answer.statusCode;
    },
    cpuMs: () => cpuMs(child),
    memoryMb: (field) => memoryMb(child, field),
    close: async () => {
      child.kill();
      await pool.destroy();
    },
  };
}

async function untilReady(pool: Pool, name: string): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    const ready = await pool.request({ method: 'GET', path: '/healthz' }).then(
      async ({ body }) => (await body.text()).trim() === 'ok',
      () => false,
    );
    if (ready) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${name} does not start`);
}

/** Reads the scheduler's nanoseconds, because /proc/PID/stat has only hundredths of a second. */
function cpuMs({ pid }: ChildProcess): number {
  const tasks = readdirSync(`/proc/${pid}/task`);
  const ns = tasks.map((task) =>
    Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]),
  );
  return ns.reduce((sum, one) => sum + one, 0) / 1e6;
}

function memoryMb({ pid }: ChildProcess, field: 'VmHWM' | 'VmRSS'): number {
  const line = new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1]) / 1024;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
