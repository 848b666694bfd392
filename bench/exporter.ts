// Measures the exporter's refreshes and scrapes with a simulated cloud over HTTP: npx tsx bench/exporter.ts [PART…]
import { request } from 'undici';
import { systemClock } from '../src/runtime/clock.ts';
import { silentLogger } from '../src/runtime/logger.ts';
import { SIMULATED_ADMINISTRATOR } from '../src/simulation/administrator.ts';
import { createSimulatedCloud, SIMULATION_DEFAULTS } from '../src/simulation/simulated-cloud.ts';
import { record } from './figures.ts';
import { largeCloud } from './large-cloud.ts';
import { SERIES_PER_PROJECT, startExporter, type Cost, type MeasuredExporter } from './measured-exporter.ts';
import { offsetClock } from './offset-clock.ts';

const INTERVAL_MS = 300_000;
const REFRESHES = 12;
const SCRAPES = 50;
const SERIES = 60_000;

const lines = ['| | CPU | wall | peak memory |', '|---|---|---|---|'];

function show(what: string, { cpuMs, wallMs, peakMb }: Cost): void {
  const line = `| ${what} | ${cpuMs.toFixed(1)} ms | ${wallMs.toFixed(0)} ms | ${peakMb.toFixed(0)} MB |`;
  process.stderr.write(`${line}\n`);
  lines.push(line);
}

function median(costs: readonly Cost[]): Cost {
  const sorted = [...costs].sort((a, b) => a.cpuMs - b.cpuMs);
  return sorted[sorted.length >> 1] as Cost;
}

interface Size {
  projects: number;
  running: number;
  deleted: number;
  /** Servers that change between two refreshes. */
  changing?: number;
}

/** Starts an exporter without server hours, and one with them if `both`. */
async function measure(
  size: Size,
  work: (exporters: readonly MeasuredExporter[], passTime: () => Promise<void>) => Promise<void>,
  both = false,
): Promise<void> {
  const clock = offsetClock();
  const changing = { servers: size.changing ?? 0, intervalMs: INTERVAL_MS, intervals: REFRESHES + 2 };
  const model = largeCloud({ ...size, nowMs: systemClock.nowMs(), changing });
  const cloud = createSimulatedCloud(
    {
      ...SIMULATION_DEFAULTS,
      listen: { host: '127.0.0.1', port: 0 },
      source: { model },
      users: [SIMULATED_ADMINISTRATOR],
    },
    { clock, logger: silentLogger() },
  );
  await cloud.start();
  const start = new Date(systemClock.nowMs() - 3_600_000).toISOString();
  const exporters = await Promise.all(
    (both ? [false, true] : [false]).map(
      async (serverHours) => await startExporter(cloud.environment(), start, serverHours),
    ),
  );
  const passTime = async () => {
    clock.passTime(INTERVAL_MS);
    for (const exporter of exporters) await exporter.passTime(INTERVAL_MS);
  };
  try {
    await work(exporters, passTime);
  } finally {
    for (const exporter of exporters) await exporter.close();
    await cloud.close();
  }
}

/** The refreshes of each exporter. They take turns, so that the machine's other work weighs on both. */
async function refreshes(
  exporters: readonly MeasuredExporter[],
  passTime: () => Promise<void>,
): Promise<Cost[][]> {
  for (const exporter of exporters) await exporter.refresh();
  const costs = exporters.map((): Cost[] => []);
  for (let count = 0; count < REFRESHES; count++) {
    await passTime();
    for (const [index, exporter] of exporters.entries()) costs[index]?.push(await exporter.refresh());
  }
  return costs;
}

async function scrape(exporter: MeasuredExporter, encoding: string): Promise<Buffer> {
  const headers = { 'accept-encoding': encoding };
  const { body, statusCode } = await request(`http://${exporter.address}/metrics`, { headers });
  if (statusCode !== 200) throw new Error(`the exporter answers a scrape with ${statusCode}`);
  return Buffer.from(await body.arrayBuffer());
}

async function scrapes(exporter: MeasuredExporter, encoding: string): Promise<Cost> {
  const all = await exporter.during(async () => {
    for (let count = 0; count < SCRAPES; count++) await scrape(exporter, encoding);
  });
  return { ...all, cpuMs: all.cpuMs / SCRAPES, wallMs: all.wallMs / SCRAPES };
}

async function showScrapes(exporter: MeasuredExporter): Promise<void> {
  const text = (await scrape(exporter, 'identity')).toString();
  const series = text.split('\n').filter((line) => line.startsWith('project_')).length;
  for (const encoding of ['identity', 'gzip'] as const) {
    const mb = ((await scrape(exporter, encoding)).length / 2 ** 20).toFixed(1);
    const cost = await scrapes(exporter, encoding);
    show(`a scrape of ${series} series, ${encoding === 'gzip' ? 'gzip' : 'plain'}, ${mb} MiB`, cost);
  }
}

async function showRefreshes(what: string, size: Size): Promise<void> {
  await measure(
    size,
    async (exporters, passTime) => {
      const costs = await refreshes(exporters, passTime);
      for (const [index, all] of costs.entries())
        show(`a refresh of ${what}${index === 0 ? '' : ', with server hours'}`, median(all));
      recordRefreshes(what, size, costs);
      for (const exporter of exporters)
        process.stderr.write(`state file ${exporter.stateMb().toFixed(1)} MiB\n`);
    },
    size.changing !== undefined,
  );
}

/** The goals of the exporter's memory, and of the CPU of server hours beside that of a refresh without them. */
const MOST_MB = 150;
const MOST_MB_WITH_HOURS = 220;
const MOST_TIMES_WITH_HOURS = 1.5;

function recordRefreshes(what: string, size: Size, [without = [], withHours]: readonly Cost[][]): void {
  const cpuOf = (costs: readonly Cost[]) => costs.map(({ cpuMs }) => cpuMs);
  const peakOf = (costs: readonly Cost[]) => [Math.max(...costs.map(({ peakMb }) => peakMb))];
  if (withHours === undefined) {
    const curve =
      size.deleted > 0
        ? {}
        : { curve: { name: 'a refresh of the exporter', size: size.running, of: 'servers' } };
    record({ name: `a refresh of ${what}`, unit: 'ms of CPU', values: cpuOf(without), ...curve });
    const goal = size.running > 20_000 ? {} : { goal: MOST_MB };
    record({ name: `the exporter of ${what}, memory`, unit: 'MB', values: peakOf(without), ...goal });
    return;
  }
  record({
    name: `a refresh of ${what}, with server hours`,
    unit: 'ms of CPU',
    values: cpuOf(withHours),
    peer: { name: 'without them', values: cpuOf(without) },
    goal: MOST_TIMES_WITH_HOURS,
  });
  record({
    name: `the exporter of ${what}, with server hours, memory`,
    unit: 'MB',
    values: peakOf(withHours),
    goal: MOST_MB_WITH_HOURS,
  });
}

/** The parts of the table, by the names for the command line. */
const PARTS: Record<string, () => Promise<void>> = {
  small: async () =>
    await showRefreshes('1,000 projects, 2,000 servers', { projects: 1000, running: 2000, deleted: 0 }),
  refresh: async () =>
    await showRefreshes('10,000 projects, 20,000 servers', { projects: 10_000, running: 20_000, deleted: 0 }),
  hours: async () =>
    await showRefreshes('10,000 projects, 20,000 servers, 200 changed', {
      projects: 10_000,
      running: 20_000,
      deleted: 0,
      changing: 200,
    }),
  scrape: async () => {
    const projects = Math.ceil(SERIES / SERIES_PER_PROJECT);
    await measure({ projects, running: 20_000, deleted: 0 }, async ([exporter]) => {
      await exporter?.refresh();
      if (exporter !== undefined) await showScrapes(exporter);
    });
  },
  large: async () =>
    await showRefreshes('100,000 servers, no history', { projects: 10_000, running: 100_000, deleted: 0 }),
  history: async () =>
    await showRefreshes('100,000 servers, a history of 1,000,000', {
      projects: 10_000,
      running: 100_000,
      deleted: 1_000_000,
    }),
};

const asked = process.argv.slice(2);
for (const [name, part] of Object.entries(PARTS))
  if (asked.length === 0 || asked.includes(name)) await part();
process.stdout.write(`${lines.join('\n')}\n`);
