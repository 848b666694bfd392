import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(root, 'node_modules/.cache/stackmeter-test');

/** Bundles a program into one JavaScript file, which starts ten times as fast as with tsx; returns the file's path. */
export async function bundled(source: string): Promise<string> {
  const name = source.replaceAll('/', '-').replace(/\.ts$/, '');
  mkdirSync(folder, { recursive: true });
  // src/runtime reads the version from package.json two folders above itself, in the bundle too.
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'));
  await build({
    root,
    configFile: false,
    logLevel: 'warn',
    build: {
      ssr: true,
      minify: false,
      target: 'node20',
      outDir: join(folder, name, 'program'),
      rollupOptions: { input: { [name]: join(root, source) } },
    },
  });
  return join(folder, name, 'program', `${name}.js`);
}
