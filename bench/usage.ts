/**
 * Measures the API's answers about the usage of many projects: `npx tsx bench/usage.ts [PROJECTS…]`. Makes a year of
 * PROJECTS (10,000) projects with three resources on the embedded PostgreSQL, packed except for the last three days. Asks
 * each question three times and prints the median, with all pages of an answer. PostgreSQL's caches stay warm. Beside it is one
 * query of DuckDB on the same usage with a row for each hour, and with a row for each day, if `@duckdb/node-api` is installed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { AccountStore } from '../src/portal/accounts/account-store.ts';
import { createApiServer } from '../src/portal/api/server.ts';
import type { DatabaseConnection } from '../src/portal/database/connection.ts';
import { EmbeddedDatabase } from '../src/portal/database/embedded/embedded-database.ts';
import { openLedger } from '../src/portal/ledger/store/open-ledger.ts';
import { createPortalMetrics } from '../src/portal/metrics.ts';
import { silentLogger } from '../src/runtime/logger.ts';
import { openDatabase } from '../src/portal/database/database.ts';
import { fillDuckDb, openDuckDb, type DuckDb } from './duck-db.ts';
import { record, spreadOf } from './figures.ts';
import { END_MS, yearOfUsage } from './year-of-usage.ts';

const SIZES = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [10_000];
const TIMES = 3;

interface Question {
  name: string;
  question: string;
  /** What DuckDB groups by and which rows it reads; it is not asked without. */
  duckDb?: { by: string; where: string; goal?: number };
}

const hours = (from: string, to: string) =>
  `hour >= ${Date.parse(`${from}Z`) / 3_600_000} AND hour < ${Date.parse(`${to}Z`) / 3_600_000}`;
const YEAR = hours('2025-01-01T00:00', '2026-01-01T00:00');
const VCPU = `(meter - 1) % 3 = 0`;

const QUESTIONS: Question[] = [
  {
    name: 'a project, a year by day',
    question: 'step=day&from=2025-01-01&to=2026-01-01&project=00000000000000000000000000000777',
  },
  {
    name: 'all together, a year by month',
    question: 'step=month&from=2025-01-01&to=2026-01-01&by=resource',
  },
  {
    name: 'all together, a year by day',
    question: 'step=day&from=2025-01-01&to=2026-01-01&by=resource&limit=10000',
    duckDb: { by: 'hour // 24, (meter - 1) % 3', where: YEAR, goal: 2 },
  },
  {
    name: 'by project, a day',
    question: 'step=total&from=2025-12-30&to=2025-12-31&by=project&resource=vcpu&limit=10000',
  },
  {
    name: 'by project, 24 hours over the end of a day',
    question: 'step=total&from=2025-11-11T10:00&to=2025-11-12T10:00&by=project&resource=vcpu&limit=10000',
    duckDb: { by: 'meter', where: `${VCPU} AND ${hours('2025-11-11T10:00', '2025-11-12T10:00')}` },
  },
  {
    name: 'by project, 30 days over the end of a month',
    question: 'step=total&from=2025-11-11&to=2025-12-11&by=project&resource=vcpu&limit=10000',
    duckDb: { by: 'meter', where: `${VCPU} AND ${hours('2025-11-11T00:00', '2025-12-11T00:00')}`, goal: 3 },
  },
  {
    name: 'by project and resource, a month',
    question: 'step=total&from=2025-12-01&to=2026-01-01&by=project,resource&limit=50000',
    duckDb: { by: 'meter', where: hours('2025-12-01T00:00', '2026-01-01T00:00'), goal: 10 },
  },
  {
    name: 'by project, a year',
    question: 'step=total&from=2025-01-01&to=2026-01-01&by=project&resource=vcpu&limit=10000',
    duckDb: { by: 'meter', where: `${VCPU} AND ${YEAR}` },
  },
  {
    name: 'by project, a year by month, CSV',
    question: 'step=month&from=2025-01-01&to=2026-01-01&by=project,resource&format=csv',
  },
  {
    name: 'by project, a month by day, CSV',
    question: 'step=day&from=2025-11-01&to=2025-12-01&by=project,resource&format=csv',
  },
  {
    name: 'by project, a day by hour, CSV',
    question: 'step=hour&from=2025-11-03&to=2025-11-04&by=project,resource&format=csv',
  },
];

/** The milliseconds of each time, and the bytes of the answer. */
async function timed(ask: () => Promise<number>): Promise<{ times: number[]; bytes: number }> {
  const times = [];
  let bytes = 0;
  for (let time = 0; time < TIMES; time += 1) {
    const startedMs = performance.now();
    bytes = await ask();
    times.push(performance.now() - startedMs);
  }
  return { times, bytes };
}

interface MeasuredPortal {
  /** Asks for all pages of an answer; returns their bytes. */
  ask: (question: string) => Promise<number>;
  close: () => Promise<void>;
}

const logger = silentLogger();

async function openPortal(connection: DatabaseConnection, projects: number): Promise<MeasuredPortal> {
  const clock = { nowMs: () => END_MS, sleep: async () => undefined };
  const store = await openDatabase(connection, logger);
  const ledger = await openLedger({ database: store, clock, logger });
  await ledger.declareSites([{ name: 'a', labels: {} }]);
  const client = new Client(connection);
  await client.connect();
  for (const statement of yearOfUsage(projects)) await client.query(statement);
  await client.end();
  const accounts = new AccountStore({ database: store, clock });
  const server = await createApiServer({ ledger, accounts, metrics: createPortalMetrics(), clock, logger });
  return {
    ask: async (question) => {
      let bytes = 0;
      let cursor: string | null | undefined;
      do {
        const more = cursor === undefined ? '' : `&cursor=${cursor}`;
        const { statusCode, body } = await server.inject(`/api/v1/usage?${question}${more}`);
        if (statusCode !== 200) throw new Error(`${question}: ${statusCode} ${body}`);
        bytes += body.length;
        cursor = question.includes('format=csv') ? null : nextOf(body);
      } while (cursor !== null);
      return bytes;
    },
    close: async () => {
      await server.close();
      await ledger.close();
    },
  };
}

/** The cursor of the next page. Without it, the time would include the parsing of the whole answer by its reader. */
function nextOf(body: string): string | null {
  const found = /"next":(?:"([^"]*)"|null)\}$/.exec(body.slice(-1000));
  if (found === null) throw new Error(`an answer without a cursor: ${body.slice(0, 200)}`);
  return found[1] ?? null;
}

/** The milliseconds of DuckDB's answers from a row for each hour, and from a row for each day where it can answer. */
async function timesOfDuckDb(
  { question, duckDb: same }: Question,
  duckDb: DuckDb | undefined,
): Promise<(number[] | undefined)[]> {
  if (duckDb === undefined || same === undefined) return [];
  const tables = question.includes('10:00') ? ['entry'] : ['entry', 'day'];
  const all = [];
  for (const table of tables) {
    const sums = `SELECT ${same.by}, sum(amount) FROM ${table} WHERE ${same.where} GROUP BY ALL`;
    all.push((await timed(async () => (await duckDb.runAndReadAll(sums)).getRows().length)).times);
  }
  return all;
}

async function report(
  asked: Question,
  projects: number,
  portal: MeasuredPortal,
  duckDb: DuckDb | undefined,
): Promise<void> {
  const { name, question } = asked;
  const { times, bytes } = await timed(async () => await portal.ask(question));
  const seconds = (ms: readonly number[]) => spreadOf(ms).median / 1000;
  const theirs = await timesOfDuckDb(asked, duckDb);
  const cells = [0, 1].flatMap((index) => {
    const one = theirs[index];
    return one === undefined
      ? ['', '']
      : [seconds(one).toFixed(3), (seconds(times) / seconds(one)).toFixed(1)];
  });
  process.stdout.write(
    `| ${name} | ${seconds(times).toFixed(2)} | ${(bytes / 1e6).toFixed(2)} MB | ${cells.join(' | ')} |\n`,
  );
  const [ofHours] = theirs;
  record({
    name: `${name}, ${projects.toLocaleString('en-US')} projects`,
    unit: 'ms',
    values: times,
    curve: { name, size: projects, of: 'projects' },
    ...(ofHours === undefined ? {} : { peer: { name: 'DuckDB', values: ofHours } }),
    ...(ofHours === undefined || asked.duckDb?.goal === undefined ? {} : { goal: asked.duckDb.goal }),
  });
}

async function measure(projects: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'stackmeter-bench-'));
  const database = new EmbeddedDatabase({ dataFolder: folder, logger });
  try {
    const portal = await openPortal(await database.start(), projects);
    const duckDb = await openDuckDb();
    if (duckDb !== undefined) await fillDuckDb(duckDb, projects);
    process.stdout.write(
      `| question, ${projects} projects | seconds | size of the answer | DuckDB, hours | ratio | DuckDB, days | ratio |\n| --- | --- | --- | --- | --- | --- | --- |\n`,
    );
    for (const question of QUESTIONS) await report(question, projects, portal, duckDb);
    await portal.close();
  } finally {
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

for (const projects of SIZES) await measure(projects);
