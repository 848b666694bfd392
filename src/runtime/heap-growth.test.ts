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
  it('has the same flags as a process started with --heap-growing-percent=20', () => {
    const call = `import v8 from 'node:v8'; import { growHeapSparingly } from '${MODULE}'; growHeapSparingly();`;
    const told = outputOf('--import', 'tsx', '--input-type=module', '--eval', `${call} ${PRINT_FLAGS}`);
    expect(told).toBe(outputOf('--heap-growing-percent=20', '--eval', PRINT_FLAGS));
    expect(told).not.toBe(outputOf('--eval', PRINT_FLAGS));
  });
});

/** The size of the space for new objects after many objects, in many turns of the event loop. */
function newSpaceAfter(call: string): number {
  return Number(
    outputOf(
      '--import',
      'tsx',
      '--input-type=module',
      '--eval',
      `import v8 from 'node:v8';
       import { setImmediate as turn } from 'node:timers/promises';
       import { collectInShortPauses, limitNewSpace } from '${MODULE}';
       ${call}
       const kept = [];
       for (let i = 0; i < 500; i++) {
         kept.push(Array.from({ length: 2000 }, (_, j) => ({ j })));
         await turn();
       }
       const space = v8.getHeapSpaceStatistics().find((one) => one.space_name === 'new_space');
       process.stdout.write(String(space.space_size + 0 * kept.length));`,
    ),
  );
}

describe('the space for new objects', () => {
  it('stays small with collection in short pauses, and grows to a limit with a limit', () => {
    const small = newSpaceAfter('collectInShortPauses();');
    expect(small).toBeLessThanOrEqual(4 * 2 ** 20);
    const limited = newSpaceAfter('collectInShortPauses(); limitNewSpace(8);');
    expect(limited).toBeGreaterThan(small);
    expect(limited).toBeLessThanOrEqual(16 * 2 ** 20);
  });
});
