import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'node_modules/.cache/stackmeter-bench');

let isCompiled = false;

/** The path of a compiled file. Benches measure programs as installed, without tsx. Compiles the project once. */
export function compiled(source: string): string {
  if (!isCompiled) compile();
  isCompiled = true;
  return join(folder, source.replace(/\.ts$/, '.js'));
}

function compile(): void {
  const compiler = join(
    dirname(createRequire(import.meta.url).resolve('typescript/package.json')),
    'bin/tsc',
  );
  // The exit status is ignored: it reports errors of types, which do not matter here.
  spawnSync(process.execPath, [
    compiler,
    '-p',
    root,
    '--noEmit',
    'false',
    '--rootDir',
    root,
    '--outDir',
    folder,
  ]);
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'));
}
