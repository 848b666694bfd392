import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const lock = (
  json(join(root, 'package-lock.json')) as { packages: Record<string, { dev?: true; version: string }> }
).packages;

describe('the package that npm pack makes from a fresh clone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stackmeter-package-'));
  const home = join(folder, 'home');
  const installed = join(home, 'node_modules/stackmeter');
  let files: string[];

  beforeAll(async () => {
    const clone = await cloneInto(join(folder, 'clone'));
    const [packed] = JSON.parse(await run(clone, 'npm', 'pack', '--json', '--loglevel=error')) as {
      filename: string;
      files: { path: string }[];
    }[];
    files = packed?.files.map(({ path }) => path) ?? [];
    mkdirSync(home);
    const words = [
      '--engine-strict',
      '--omit=optional',
      '--prefer-offline',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
    ];
    await run(home, 'npm', 'install', ...words, join(clone, packed?.filename ?? ''));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('has the program, pages, documentation and deployment files, but no files for development', () => {
    expect(new Set(files.map((path) => path.split('/')[0]))).toEqual(
      new Set(['LICENSE', 'README.md', 'deploy', 'dist', 'docs', 'package.json']),
    );
    expect(files.filter((path) => /\.(map|ts|tsx)$|\.test\.|\.built$/.test(path))).toEqual([]);
  });

  it('runs after its installation', async () => {
    const stackmeter = async (...words: string[]) =>
      await run(home, process.execPath, join(installed, 'dist/cli/main.js'), ...words);
    const { version } = json(join(root, 'package.json')) as { version: string };
    expect((await stackmeter('--version')).trim()).toBe(version);
    for (const role of ['exporter', 'gate', 'portal'])
      expect(await stackmeter(role, '--help')).toContain(`stackmeter ${role}`);
    expect((await run(home, join(home, 'node_modules/.bin/stackmeter'), '--version')).trim()).toBe(version);
  });

  it('has the pages and every file that they load', () => {
    const page = readFileSync(join(installed, 'dist/web/index.html'), 'utf8');
    const loaded = [...page.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map(([, path = '']) => path);
    expect(loaded.length).toBeGreaterThan(1);
    expect(loaded.filter((path) => !existsSync(join(installed, 'dist/web', path)))).toEqual([]);
  });

  it('installs the locked versions, which run on every Node.js that stackmeter supports', () => {
    const versionOf = (name: string) =>
      (json(join(home, 'node_modules', name, 'package.json')) as { version: string }).version;
    for (const name of ['cookie', 'light-my-request'])
      expect(versionOf(name)).toBe(lock[`node_modules/${name}`]?.version);
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
