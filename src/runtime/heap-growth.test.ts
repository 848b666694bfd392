import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

const MODULE = new URL('heap-growth.ts', import.meta.url).href;
/** V8's hash of its version and all flags in effect. */
const PRINT_FLAGS = 'process.stdout.write(String(v8.cachedDataVersionTag()))';

/** The hash of the flags in effect in a new process. Fails if V8 complains about them. */
function flagsOf(...args: readonly string[]): string {
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout;
}

describe('a heap that grows sparingly', () => {
  it('has the same flags as a process started with --heap-growing-percent=100', () => {
    const call = `import v8 from 'node:v8'; import { growHeapSparingly } from '${MODULE}'; growHeapSparingly();`;
    const told = flagsOf('--import', 'tsx', '--input-type=module', '--eval', `${call} ${PRINT_FLAGS}`);
    expect(told).toBe(flagsOf('--heap-growing-percent=100', '--eval', PRINT_FLAGS));
    expect(told).not.toBe(flagsOf('--eval', PRINT_FLAGS));
  });
});
