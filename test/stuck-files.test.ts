import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
const reporter = fileURLToPath(new URL('stuck-files.ts', import.meta.url));

/** Runs vitest with one test file. Has its errors and its exit code. */
async function runOf(code: string): Promise<{ errors: string; status: number | null }> {
  const folder = await mkdtemp(join(tmpdir(), 'stackmeter-test-'));
  try {
    await writeFile(join(folder, 'stuck.test.ts'), code);
    const args = ['run', '--root', folder, '--globals', '--reporter', reporter];
    const run = spawn(process.execPath, [vitest, ...args], {
      cwd: root,
      env: { ...process.env, STACKMETER_TEST_FILE_MINUTES: '0.2' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const exit = new Promise<number | null>((resolve) => run.once('close', resolve));
    return { errors: await text(run.stderr), status: await exit };
  } finally {
    await rm(folder, { recursive: true });
  }
}

it('names a file with an endless loop, and where it is', async () => {
  const loop = `function countForever() {\n  let count = 0;\n  while (count >= 0) count = (count + 1) % 9;\n}\nit('ends', countForever);`;
  const { errors, status } = await runOf(loop);
  expect(status).toBe(1);
  expect(errors).toContain('stuck.test.ts has not ended after 0.2 minutes, so this run ends.');
  expect(errors).toMatch(/at countForever .*stuck\.test\.ts:3$/m);
});

it('names a file whose import does not end', async () => {
  const { errors, status } = await runOf('await new Promise(() => {});');
  expect(status).toBe(1);
  expect(errors).toContain('stuck.test.ts has not ended after 0.2 minutes, so this run ends.');
});
