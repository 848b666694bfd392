import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { startStackmeter, type Running, type StartOptions } from './processes.ts';

/** Starts the command as one process, without a shell, so that a signal reaches it; ends it with the test. */
export function stackmeter(
  args: readonly string[],
  env: Record<string, string> = {},
  files: Pick<StartOptions, 'stdin' | 'stdout'> = {},
): Running {
  const running = startStackmeter(args, { env, ...files });
  onTestFinished(async () => void (await running.stop()));
  return running;
}

/** Starts a portal that has its data and `portal.toml` in this folder; returns its process and address. */
export async function startPortalIn(
  folder: string,
  listen = '127.0.0.1:0',
  env: Record<string, string> = {},
): Promise<{ process: Running; url: string }> {
  const process = stackmeter(
    ['portal', '--listen', listen, '--data', join(folder, 'data'), '--config', join(folder, 'portal.toml')],
    env,
  );
  const [, address] = await process.waitFor(/"address":"([^"]+)"/);
  return { process, url: `http://${address}` };
}

/** Runs `stackmeter portal ledger verify`; returns its exit code and output. */
export async function verifyLedgerIn(
  folder: string,
  env: Record<string, string> = {},
): Promise<[code: number | null, output: string]> {
  const running = stackmeter(['portal', 'ledger', 'verify', '--data', join(folder, 'data')], env);
  return [await running.exited, running.output()];
}
