/**
 * Measures a portal's sweeps of sites with many meters: `tsx bench/sweep.ts [SITESxMETERS…]`. Portals with equally many
 * meters sweep in turns, because the speed of a machine changes. One process is all gates of a portal, and answers over
 * HTTP, compressed. Another one is the portal: it reads, parses, folds and commits to its embedded PostgreSQL. Every total
 * is higher in each sweep, which is the worst case. The last sweep is the first one of an hour, and makes an entry for each
 * meter. Prints figures only if the ledger is exact at the end.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild, type Child } from './child.ts';
import { record } from './figures.ts';
import { usageSince } from './many-meters.ts';
import { postgresUsage, type PostgresUsage } from './postgres-usage.ts';
import type { LedgerSums, SweepCost } from './sweep-portal-child.ts';

const INTERVAL_MS = 60_000;
const MS_PER_HOUR = 3_600_000;

/** The number of sweeps between the first one and the one that starts an hour. */
const laterSweeps = (meters: number) => (meters > 500_000 ? 1 : 5);
const runs = process.argv.slice(2).map((run) => run.split('x').map(Number) as [number, number]);

interface SweepFigures extends SweepCost {
  postgresCpuMs: number;
  postgresMb: number;
}

type Portal = Child<SweepCost & LedgerSums>;

async function measured(portal: Portal): Promise<SweepFigures> {
  const before = postgresUsage(portal.pid);
  let peak: PostgresUsage = before;
  const watch = setInterval(() => {
    const now = postgresUsage(portal.pid);
    if (now.memoryMb > peak.memoryMb) peak = now;
  }, 500);
  const cost = await portal.ask({ ask: 'sweep' });
  clearInterval(watch);
  const after = postgresUsage(portal.pid);
  return {
    ...cost,
    postgresCpuMs: after.cpuMs - before.cpuMs,
    postgresMb: Math.max(peak.memoryMb, after.memoryMb),
  };
}

/** A portal with its sites. */
class Run {
  readonly #sites: number;
  readonly #meters: number;
  readonly #dataFolder = mkdtempSync(join(tmpdir(), 'stackmeter-bench-'));
  readonly #costs: SweepFigures[] = [];
  readonly #gates: Child<string>;
  #portal!: Portal;

  private constructor(sites: number, meters: number, gates: Child<string>) {
    this.#sites = sites;
    this.#meters = meters;
    this.#gates = gates;
  }

  static async start(sites: number, meters: number): Promise<Run> {
    const run = new Run(sites, meters, await startChild<string>('bench/sweep-gate-child.ts'));
    const options = { dataFolder: run.#dataFolder, gatePort: run.#gates.greeting, sites };
    run.#portal = await startChild('bench/sweep-portal-child.ts', [JSON.stringify(options)]);
    return run;
  }

  async sweep(number: number, atMs: number): Promise<void> {
    await this.#gates.ask({ sites: this.#sites, meters: this.#meters, sweep: number, atMs });
    this.#costs.push(await measured(this.#portal));
  }

  async end(): Promise<void> {
    const sums = await this.#portal.ask({ ask: 'sums' });
    await this.#portal.close();
    await this.#gates.close();
    rmSync(this.#dataFolder, { recursive: true, force: true });
    requireExact(sums, this.#sites, this.#meters, this.#costs.length);
    report(this.#sites, this.#meters, this.#costs);
  }
}

/** Lets several portals with equally many meters sweep in turns. */
async function measure(group: readonly (readonly [sites: number, meters: number])[]): Promise<void> {
  const started: Run[] = [];
  for (const [sites, meters] of group) started.push(await Run.start(sites, meters));
  const [[sites, meters] = [0, 0]] = group;
  const sweeps = laterSweeps(sites * meters) + 2;
  const hourMs = Math.floor(Date.now() / MS_PER_HOUR) * MS_PER_HOUR;
  for (let sweep = 1; sweep <= sweeps; sweep += 1)
    for (const run of started) await run.sweep(sweep, hourMs + (sweep - sweeps + 0.5) * INTERVAL_MS);
  for (const run of started) await run.end();
}

function requireExact(
  { discrepancies, usageHours }: LedgerSums,
  sites: number,
  meters: number,
  sweeps: number,
) {
  const expectedHours = sites * usageSince(meters, 1, sweeps);
  if (discrepancies !== 0) throw new Error(`${discrepancies} meters are not conserved`);
  if (!(Math.abs(usageHours / expectedHours - 1) < 1e-12))
    throw new Error(`the ledger has ${usageHours} hours of usage instead of ${expectedHours}`);
}

function report(sites: number, meters: number, costs: readonly SweepFigures[]): void {
  const [first, ...later] = costs.slice(0, -1);
  const turn = costs.at(-1);
  const seconds = (ms = 0) => (ms / 1000).toFixed(2);
  const median = (of: (cost: SweepFigures) => number) =>
    later.map(of).toSorted((one, other) => one - other)[Math.floor(later.length / 2)] ?? 0;
  const peakMb = Math.max(...costs.map(({ peakMb: mb }) => mb));
  recordSweeps(
    sites,
    meters,
    later.map(({ cpuMs }) => cpuMs),
    peakMb,
  );
  const postgresMb = Math.max(...costs.map((cost) => cost.postgresMb));
  process.stdout.write(
    `| ${sites} × ${meters} | ${seconds(first?.wallMs)} s | ${seconds(median(({ wallMs }) => wallMs))} s ` +
      `| ${seconds(median(({ cpuMs }) => cpuMs))} s | ${seconds(median(({ postgresCpuMs }) => postgresCpuMs))} s ` +
      `| ${seconds(turn?.wallMs)} s | ${Math.round(peakMb)} MB | ${Math.round(postgresMb)} MB |\n`,
  );
}

/** The CPU of the sweeps of one site with as many meters as all sites together, by meters. */
const ofOneSite = new Map<number, number[]>();
/** The goal for many small sites, beside one large site. */
const MOST_TIMES_OF_ONE_SITE = 1.3;

function recordSweeps(sites: number, meters: number, cpuMs: number[], peakMb: number): void {
  const all = sites * meters;
  if (sites === 1) ofOneSite.set(meters, cpuMs);
  const values = ofOneSite.get(all);
  const name = `sweeps of ${sites.toLocaleString('en-US')} sites × ${meters.toLocaleString('en-US')} meters`;
  record({
    name,
    unit: 'ms of CPU',
    values: cpuMs,
    ...(sites === 1 ? { curve: { name: 'a sweep of one site', size: meters, of: 'meters' } } : {}),
    ...(sites > 1 && values !== undefined
      ? { peer: { name: 'one site', values }, goal: MOST_TIMES_OF_ONE_SITE }
      : {}),
  });
  record({ name: `${name}, memory of the portal`, unit: 'MB', values: [peakMb] });
}

process.stdout.write(
  '| sites × meters | first sweep | later sweeps, median | CPU of the portal | CPU of PostgreSQL | first of an hour | peak memory of the portal | of PostgreSQL |\n' +
    '| --- | --- | --- | --- | --- | --- | --- | --- |\n',
);
const asked: readonly (readonly [number, number])[] =
  runs.length > 0
    ? runs
    : [
        [1, 10_000],
        [1, 100_000],
        [1000, 100],
        [3, 100_000],
        [10, 100_000],
      ];
for (const all of new Set(asked.map(([sites, meters]) => sites * meters)))
  await measure(asked.filter(([sites, meters]) => sites * meters === all));
