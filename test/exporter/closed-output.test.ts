import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../support/processes.ts';

const cli = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** What a command says on standard error to a reader who closes standard output before it prints. */
async function closedOutput(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: temporaryFolder(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.destroy();
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const code = await new Promise((resolve) => child.on('close', resolve));
  return `${String(code)} ${said}`;
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
])('%s ends without a trace where nobody reads it', async (_, args) => {
  expect(await closedOutput(args())).not.toMatch(/EPIPE|internal error|\bat .*\.js:\d+/);
});

function fileWith(text: string): string {
  const file = join(temporaryFolder(), 'profile.toml');
  writeFileSync(file, text);
  return file;
}
