// Prepares `npm start` and `npm test` on a fresh clone. It needs only Node.js and npm.
import { spawnSync } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const sources = ['src', 'web', 'package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];
const stamp = join(root, 'dist', '.built');

/** Installs the packages of package-lock.json, unless they are installed. */
export function install() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    fail(`stackmeter needs Node.js 20.19 or later, this is ${process.version}`);
  }
  if (isInstalled()) return;
  say('installing the packages that package-lock.json names');
  run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], {
    env: npmEnvironment(),
  });
}

/** Compiles the program and the pages, unless the last build is newer than the sources. */
export function build() {
  if (existsSync(stamp) && newest(sources) < statSync(stamp).mtimeMs) return;
  say('building');
  run(bin('tsc'), ['-p', 'tsconfig.build.json']);
  run(bin('vite'), ['build', 'web', '--logLevel', 'warn']);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, '');
}

export function bin(name) {
  return join(root, 'node_modules', '.bin', name);
}

/**
 * Runs a program in the project's folder. If it fails, this process ends with its exit code. If its output does not match
 * `evidence`, this process fails: a check that looked at nothing has not passed.
 */
export function run(command, args, { env = process.env, evidence } = {}) {
  const stdout = evidence ? 'pipe' : 'inherit';
  const {
    status,
    error,
    stdout: said,
  } = spawnSync(command, args, { cwd: root, stdio: ['inherit', stdout, 'inherit'], env });
  if (error) fail(`cannot run ${command}: ${error.message}`);
  if (said) process.stdout.write(said);
  if (status !== 0) process.exit(status ?? 1);
  if (evidence && !evidence.test(String(said))) fail(`${command} looked at nothing`);
}

export function say(text) {
  process.stderr.write(`stackmeter: ${text}\n`);
}

function fail(text) {
  say(text);
  process.exit(1);
}

/** npm lists the installed packages in a lock file of its own. It must have the packages of our lock file. */
function isInstalled() {
  const installed = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installed)) return false;
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const found = packagesOf(installed);
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === '' || optional || found[path]?.version === version,
  );
}

function packagesOf(lockFile) {
  return JSON.parse(readFileSync(lockFile, 'utf8')).packages;
}

/** npm's environment. Its cache is in the temporary folder if the home folder is not writable. */
function npmEnvironment() {
  const cache = process.env.npm_config_cache ?? join(homedir(), '.npm');
  return isWritable(cache)
    ? process.env
    : { ...process.env, npm_config_cache: join(tmpdir(), `stackmeter-npm-${process.getuid?.() ?? 0}`) };
}

function isWritable(path) {
  try {
    accessSync(existsSync(path) ? path : dirname(path), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function newest(paths) {
  return Math.max(...paths.map((path) => newestBelow(join(root, path))));
}

function newestBelow(path) {
  const { mtimeMs } = statSync(path);
  if (!statSync(path).isDirectory()) return mtimeMs;
  return readdirSync(path).reduce((latest, name) => Math.max(latest, newestBelow(join(path, name))), mtimeMs);
}
