/**
 * Sweeps of sites with many meters, as a portal does them: `tsx bench/sweep.ts [SITESxMETERS…]`. The gates are one
 * process and answer over HTTP, compressed; the portal is another: it reads, parses, folds and commits, in an
 * embedded PostgreSQL of its own. Every total is higher in each sweep, the worst case.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild, type Child } from './child.ts';
import { postgresUsage, type PostgresUsage } from './postgres-usage.ts';
import type { SweepCost } from './sweep-portal-child.ts';

const LATER_SWEEPS = 3;
const INTERVAL_MS = 60_000;
const runs = process.argv.slice(2).map((run) => run.split('x').map(Number) as [number, number]);

interface Measured extends SweepCost {
  postgresCpuMs: number;
  postgresMb: number;
}

async function measured(portal: Child<SweepCost>): Promise<Measured> {
  const before = postgresUsage(portal.pid);
  let peak: PostgresUsage = before;
  const watch = setInterval(() => {
    const now = postgresUsage(portal.pid);
    if (now.memoryMb > peak.memoryMb) peak = now;
  }, 500);
  const cost = await portal.ask({});
  clearInterval(watch);
  const after = postgresUsage(portal.pid);
  return {
    ...cost,
    postgresCpuMs: after.cpuMs - before.cpuMs,
    postgresMb: Math.max(peak.memoryMb, after.memoryMb),
  };
}

async function measure(sites: number, meters: number): Promise<void> {
  const dataFolder = mkdtempSync(join(tmpdir(), 'stackmeter-bench-'));
  const gates = await startChild<string>('bench/sweep-gate-child.ts');
  const options = { dataFolder, gatePort: gates.greeting, sites };
  const portal = await startChild<SweepCost>('bench/sweep-portal-child.ts', [JSON.stringify(options)]);
  const startMs = Math.floor(Date.now() / 3_600_000 - 1) * 3_600_000;
  const costs: Measured[] = [];
  for (let sweep = 1; sweep <= 1 + LATER_SWEEPS; sweep += 1) {
    await gates.ask({ sites, meters, sweep, atMs: startMs + sweep * INTERVAL_MS });
    costs.push(await measured(portal));
  }
  const expected = sites * meters * costs.length;
  const folded = costs.at(-1)?.folded;
  await portal.close();
  await gates.close();
  rmSync(dataFolder, { recursive: true, force: true });
  if (folded !== expected) throw new Error(`${folded} readings were folded of ${expected}`);
  report(sites, meters, costs);
}

function report(sites: number, meters: number, [first, ...later]: readonly Measured[]): void {
  const seconds = (ms = 0) => (ms / 1000).toFixed(2);
  const median = (of: (cost: Measured) => number) =>
    later.map(of).toSorted((one, other) => one - other)[Math.floor(later.length / 2)] ?? 0;
  const peakMb = Math.max(...later.map(({ peakMb: mb }) => mb));
  const postgresMb = Math.max(...later.map((cost) => cost.postgresMb));
  process.stdout.write(
    `| ${sites} × ${meters} | ${seconds(first?.wallMs)} s | ${seconds(median(({ wallMs }) => wallMs))} s ` +
      `| ${seconds(median(({ cpuMs }) => cpuMs))} s | ${seconds(median(({ postgresCpuMs }) => postgresCpuMs))} s ` +
      `| ${Math.round(peakMb)} MB | ${Math.round(postgresMb)} MB |\n`,
  );
}

process.stdout.write(
  '| sites × meters | first sweep | later sweeps, median | CPU of the portal | CPU of PostgreSQL | peak memory of the portal | of PostgreSQL |\n' +
    '| --- | --- | --- | --- | --- | --- | --- |\n',
);
for (const [sites, meters] of runs.length > 0
  ? runs
  : ([
      [1, 10_000],
      [1, 100_000],
      [3, 100_000],
      [10, 100_000],
    ] as const))
  await measure(sites, meters);
