/**
 * `npm run bench`: runs all benchmarks one after the other, each beside its peers that are installed, and prints one table
 * of ratios. Writes figures.json and an SVG of each curve into bench-results/. `npm run bench -- NAME…` runs only these.
 * `--docs` also puts table and curves into docs/performance.md. Close other programs: two cores are few.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { curvesOf, curveSvg, type Curve } from './curve.ts';
import { FIGURES_FILE, type Figure } from './figures.ts';
import { tableOf } from './table.ts';

/** The benchmarks with the arguments that make points of curves, in the order of docs/performance.md. */
const BENCHMARKS: Record<string, readonly string[]> = {
  gate: [],
  exporter: [],
  sweep: ['1x1000', '1x10000', '1x100000', '1000x100'],
  'remote-write': [],
  usage: ['100', '1000', '10000'],
  pages: [],
  grants: [],
  charges: [],
  'ledger-storage': [],
};

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'bench-results');
const figuresFile = join(folder, 'figures.ndjson');
const tsx = join(root, 'node_modules/tsx/dist/cli.mjs');

const { values, positionals } = parseArgs({ options: { docs: { type: 'boolean' } }, allowPositionals: true });
const unknown = positionals.filter((name) => !(name in BENCHMARKS));
if (unknown.length > 0)
  throw new Error(
    `no such benchmark: ${unknown.join(', ')}; there are ${Object.keys(BENCHMARKS).join(', ')}`,
  );

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder);
const failed: string[] = [];
for (const [name, args] of Object.entries(BENCHMARKS)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  process.stdout.write(`\n${name}\n`);
  const env = { ...process.env, [FIGURES_FILE]: figuresFile };
  const { status } = spawnSync(process.execPath, [tsx, join(root, `bench/${name}.ts`), ...args], {
    stdio: 'inherit',
    env,
  });
  if (status !== 0) failed.push(name);
}

const figures = readFigures();
const curves = curvesOf(figures);
const table = tableOf(figures);
const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GB, Node.js ${process.version}`;
const date = new Date().toISOString().slice(0, 10);
writeFileSync(join(folder, 'figures.json'), `${JSON.stringify({ date, machine, figures }, undefined, 2)}\n`);
writeCurves(folder);
process.stdout.write(`\n${table.join('\n')}\n`);
if (values.docs === true && failed.length === 0) await writeDocs();
if (failed.length > 0) {
  process.stderr.write(`\nfailed: ${failed.join(', ')}\n`);
  process.exitCode = 1;
}

function readFigures(): Figure[] {
  if (!existsSync(figuresFile)) return [];
  const lines = readFileSync(figuresFile, 'utf8').trim().split('\n');
  rmSync(figuresFile);
  return lines.map((line) => JSON.parse(line) as Figure);
}

function writeCurves(into: string): void {
  for (const curve of curves) writeFileSync(join(into, svgName(curve)), curveSvg(curve));
}

/** Replaces the part of docs/performance.md between its two comments. */
async function writeDocs(): Promise<void> {
  const file = join(root, 'docs/performance.md');
  const images = join(root, 'docs/images/bench');
  rmSync(images, { recursive: true, force: true });
  mkdirSync(images, { recursive: true });
  writeCurves(images);
  const pictures = curves.map((curve) => `![${curve.name}](images/bench/${svgName(curve)})`);
  const part = [`One run of ${date} on ${machine}:`, '', ...table, '', ...pictures].join('\n');
  const page = readFileSync(file, 'utf8').replace(
    /(<!-- npm run bench -->\n)[^]*?(\n<!-- end of npm run bench -->)/,
    (_all, begin: string, end: string) => `${begin}\n${part}\n${end}`,
  );
  writeFileSync(file, await format(page, { ...(await resolveConfig(file)), filepath: file }));
}

function svgName({ name }: Curve): string {
  return `${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}.svg`;
}
