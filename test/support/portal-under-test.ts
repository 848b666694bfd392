import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { startStackmeter, type Running, type StartOptions } from './processes.ts';

/** The command as one process that can be killed; it ends with the test. */
export function stackmeter(
  args: readonly string[],
  env: Record<string, string> = {},
  files: Pick<StartOptions, 'stdin' | 'stdout'> = {},
): Running {
  const running = startStackmeter(args, { env, ...files });
  onTestFinished(async () => void (await running.stop()));
  return running;
}

/** A portal with its data and `portal.toml` in a folder. */
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

/** What `stackmeter portal ledger verify` ends with and says. */
export async function verifyLedgerIn(
  folder: string,
  env: Record<string, string> = {},
): Promise<[code: number | null, said: string]> {
  const running = stackmeter(['portal', 'ledger', 'verify', '--data', join(folder, 'data')], env);
  return [await running.exited, running.output()];
}
