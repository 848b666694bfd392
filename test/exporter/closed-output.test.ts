import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { useLedger } from '../../src/portal/use-ledger.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { temporaryFolder } from '../support/processes.ts';

const cli = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Runs a command with its standard output closed; returns its exit code and standard error. */
async function runWithClosedOutput(args: readonly string[]): Promise<string> {
  const cwd = temporaryFolder();
  if (args.includes('ledger')) await makeLedger(join(cwd, 'data'));
  const child = spawn(process.execPath, [cli, ...args], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.destroy();
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const code = await new Promise((resolve) => child.on('close', resolve));
  return `${String(code)} ${errors}`;
}

async function makeLedger(dataFolder: string): Promise<void> {
  const parts = { clock: systemClock, logger: silentLogger() };
  await useLedger({ dataFolder, databaseUrl: undefined }, parts, async () => undefined);
}

const profile = '[one]\n[[one.projects]]\nproject_name = "a"\n';

it.each([
  ['token', () => ['token']],
  ['--help', () => ['--help']],
  ['exporter --help', () => ['exporter', '--help']],
  ['check', () => ['check', fileWith(profile)]],
  ['portal prometheus-config', () => ['portal', 'prometheus-config']],
  ['portal ledger verify', () => ['portal', 'ledger', 'verify']],
  ['portal ledger export', () => ['portal', 'ledger', 'export']],
  ['exporter --check', () => ['exporter', '--check', '--dummy-data', fileWith(profile)]],
])('%s ends without a stack trace if nobody reads its output', async (_, args) => {
  expect(await runWithClosedOutput(args())).not.toMatch(/EPIPE|internal error|\bat .*\.js:\d+/);
});

function fileWith(text: string): string {
  const file = join(temporaryFolder(), 'profile.toml');
  writeFileSync(file, text);
  return file;
}
