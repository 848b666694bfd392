import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

const MODULE = new URL('heap-growth.ts', import.meta.url).href;
/** V8's hash of its version and all flags in effect. */
const PRINT_FLAGS = 'process.stdout.write(String(v8.cachedDataVersionTag()))';

/** The output of a new process. Fails if V8 complains about the flags. */
function outputOf(...args: readonly string[]): string {
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout;
}

describe('a heap that grows sparingly', () => {
  it('has the same flags as a process started with --heap-growing-percent=25', () => {
    const call = `import v8 from 'node:v8'; import { growHeapSparingly } from '${MODULE}'; growHeapSparingly();`;
    const told = outputOf('--import', 'tsx', '--input-type=module', '--eval', `${call} ${PRINT_FLAGS}`);
    expect(told).toBe(outputOf('--heap-growing-percent=25', '--eval', PRINT_FLAGS));
    expect(told).not.toBe(outputOf('--eval', PRINT_FLAGS));
  });
});

describe('collection in short pauses', () => {
  it('keeps the space for new objects small, however many there are', () => {
    const sizeAfter = (call: string) =>
      Number(
        outputOf(
          '--import',
          'tsx',
          '--input-type=module',
          '--eval',
          `import v8 from 'node:v8'; import { collectInShortPauses } from '${MODULE}'; ${call}
           const kept = Array.from({ length: 1_000_000 }, (_, i) => ({ i }));
           const space = v8.getHeapSpaceStatistics().find((one) => one.space_name === 'new_space');
           process.stdout.write(String(space.space_size + 0 * kept.length));`,
        ),
      );
    expect(sizeAfter('collectInShortPauses();')).toBeLessThan(sizeAfter(''));
  });
});
