// `npm run coverage`: the share of each room's lines that run in unit tests, in system tests, and in either. Arguments go
// to vitest.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { bin, build, install, root, run } from './prepare.mjs';

const rooms = ['src/exporter', 'src/gate', 'src/portal', 'src/simulation', 'src/prometheus', 'src/runtime'];
const pages = 'web/src';
const folder = join(root, 'coverage');
/** Node.js writes the coverage of the processes that system tests start into this folder. */
const processes = join(folder, 'processes');

install();
build();
// With source maps, coverage of the program becomes coverage of its sources.
run(bin('tsc'), ['-p', 'tsconfig.build.json', '--inlineSourceMap']);
rmSync(folder, { recursive: true, force: true });
mkdirSync(processes, { recursive: true });
// Some tests start a process under another account.
chmodSync(processes, 0o1777);
const passed = ['unit', 'system'].map(runTests);
// Without its stamp, the next build makes a program without maps.
rmSync(join(root, 'dist/.built'), { force: true });
const unit = linesOf('unit');
const system = linesOf('system');
const started = linesOfProcesses();
process.stdout.write([header(), ...[...rooms, pages].map(lineOf)].join('\n') + '\n');
process.exitCode = passed.every(Boolean) ? 0 : 1;

function runTests(project) {
  const coverage = [
    'enabled',
    'include=src/**/*.ts',
    'include=web/src/**/*.{ts,tsx}',
    'exclude=**/*.{test,d}.{ts,tsx}',
    'reporter=json',
    'reportOnFailure',
    `reportsDirectory=${join(folder, project)}`,
  ].map((word) => `--coverage.${word}`);
  const words = ['run', '--project', project, '--passWithNoTests', ...coverage, ...process.argv.slice(2)];
  const env = { ...process.env, STACKMETER_TEST_COVERAGE: processes };
  return spawnSync(bin('vitest'), words, { cwd: root, stdio: 'inherit', env }).status === 0;
}

function linesOfProcesses() {
  if (!existsSync(processes)) return new Map();
  const report = ['--reporter', 'json', '--reports-dir', join(folder, 'started'), '--include', 'dist/**'];
  run(bin('c8'), ['report', '--temp-directory', processes, '--merge-async', ...report]);
  // The files have a megabyte or more for each process.
  rmSync(processes, { recursive: true });
  return linesOf('started');
}

/** By file: the lines where a statement starts, and true if one of these statements ran. */
function linesOf(name) {
  const report = join(folder, name, 'coverage-final.json');
  if (!existsSync(report)) return new Map();
  const files = Object.values(JSON.parse(readFileSync(report, 'utf8')));
  return new Map(files.map(({ path, statementMap, s }) => [relative(root, path), linesRun(statementMap, s)]));
}

function linesRun(statements, counts) {
  const lines = new Map();
  for (const [id, { start }] of Object.entries(statements))
    lines.set(start.line, lines.get(start.line) || counts[id] > 0);
  return lines;
}

function header() {
  return row(['', 'lines', 'unit', 'system', 'either']);
}

/** The row of a room. The pages have no number for system tests: coverage in Chromium is not counted. */
function lineOf(room) {
  const lines = [...new Set([...unit.keys(), ...system.keys()])]
    .filter((file) => file.startsWith(`${room}/`))
    .flatMap((file) => linesOfFile(file));
  const share = (ran) => `${((100 * lines.filter(ran).length) / lines.length).toFixed(1)} %`;
  return row([
    room,
    lines.length,
    share(({ inUnit }) => inUnit),
    room === pages ? '-' : share(({ inSystem }) => inSystem),
    share(({ inUnit, inSystem }) => inUnit || inSystem),
  ]);
}

function linesOfFile(file) {
  return [...(unit.get(file) ?? system.get(file)).keys()].map((line) => ({
    inUnit: unit.get(file)?.get(line) === true,
    inSystem: [system, started].some((ran) => ran.get(file)?.get(line) === true),
  }));
}

function row([room, ...cells]) {
  return [room.padEnd(16), ...cells.map((cell) => String(cell).padStart(8))].join('');
}
