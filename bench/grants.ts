/**
 * Measures usage by grant, each grant in a time of its own: `npx tsx bench/grants.ts [PROJECTS]`. Makes a year of PROJECTS
 * (10,000) projects with three resources in 2,000 grants on the embedded PostgreSQL. Asks for the total of each grant and
 * resource, and for the balances of all grants. Compares the times with one query of DuckDB on the same usage, if
 * `@duckdb/node-api` is installed. Prints the median of five for each, and stops if their sums differ.
 */
import { EVERYTHING } from '../src/portal/access/rights/scope.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { grantBalances } from '../src/portal/accounts/grant-balances.ts';
import { EmbeddedDatabase } from '../src/portal/database/embedded/embedded-database.ts';
import { openDatabase } from '../src/portal/database/database.ts';
import type { UsageQuery } from '../src/portal/ledger/ledger.ts';
import { openLedger } from '../src/portal/ledger/store/open-ledger.ts';
import { silentLogger } from '../src/runtime/logger.ts';
import { record, spreadOf } from './figures.ts';
import { fillDuckDb, openDuckDb, type DuckDb } from './duck-db.ts';
import { grantsOf, mostGrants, presentGrant, staysOf } from './stays.ts';
import { END_MS, FIRST_HOUR, yearOfUsage } from './year-of-usage.ts';

const PROJECTS = Number(process.argv[2] ?? 10_000);
const GRANTS = mostGrants(PROJECTS);
const MS_PER_HOUR = 3_600_000;
const TIMES = 5;

interface Measurement {
  /** The milliseconds of each time. */
  times: number[];
  sum: number;
}

async function timed(ask: () => Promise<number>): Promise<Measurement> {
  const times: number[] = [];
  let sum = 0;
  for (let time = 0; time < TIMES; time += 1) {
    const startedMs = performance.now();
    sum = await ask();
    times.push(performance.now() - startedMs);
  }
  return { times, sum };
}

async function askDuckDb(duckDb: DuckDb, table: 'entry' | 'day'): Promise<number> {
  const rows = await duckDb.runAndReadAll(`
    SELECT s.grant_id, (e.meter - 1) % 3 AS resource, sum(e.amount)::DOUBLE / ${MS_PER_HOUR} AS amount
    FROM ${table} e JOIN stay s ON s.project = (e.meter + 2) // 3 AND e.hour >= s.from_hour AND e.hour < s.to_hour
    GROUP BY 1, 2 ORDER BY 1, 2`);
  return rows.getRows().reduce((sum, row) => sum + Number(row[2]), 0);
}

const folder = mkdtempSync(join(tmpdir(), 'stackmeter-bench-'));
const logger = silentLogger();
const database = new EmbeddedDatabase({ dataFolder: folder, logger });
try {
  const connection = await database.start();
  const clock = { nowMs: () => END_MS, sleep: async () => undefined };
  const ledger = await openLedger({ database: await openDatabase(connection, logger), clock, logger });
  await ledger.declareSites([{ name: 'a', labels: {} }]);
  const client = new Client(connection);
  await client.connect();
  for (const statement of yearOfUsage(PROJECTS)) await client.query(statement);
  await client.end();
  const duckDb = await openDuckDb();
  if (duckDb !== undefined) await fillDuckDb(duckDb, PROJECTS);

  process.stdout.write(
    '| times of grants | DuckDB | sums | ratio | list with balances | ratio |\n| --- | --- | --- | --- | --- | --- |\n',
  );
  for (const [unit, table] of [
    ['days', 'day'],
    ['days', 'entry'],
    ['hours', 'entry'],
  ] as const) {
    const stays = staysOf(PROJECTS, unit);
    const query: UsageQuery = {
      scope: EVERYTHING,
      fromMs: FIRST_HOUR * MS_PER_HOUR,
      toMs: END_MS,
      step: 'total',
      by: new Set(['grant', 'resource']),
      grants: grantsOf(stays),
      limit: 10_000,
    };
    const ours = await timed(async () => {
      const { data } = await ledger.usage(query);
      return data.reduce((sum, { grant, amount }) => sum + (grant === null ? 0 : amount), 0);
    });
    const list = await timed(async () => {
      const { balances } = await grantBalances(
        ledger,
        { scope: EVERYTHING, grants: grantsOf(stays).map(presentGrant) },
        END_MS,
      );
      return [...balances.values()].flat().reduce((sum, { used }) => sum + used, 0);
    });
    let theirs: Measurement | undefined;
    if (duckDb !== undefined) {
      const rows = stays.map((one) => `(${one.grant}, ${one.project}, ${one.fromHour}, ${one.toHour})`);
      await duckDb.run(
        `CREATE OR REPLACE TABLE stay AS SELECT * FROM (VALUES ${rows.join()}) s(grant_id, project, from_hour, to_hour)`,
      );
      theirs = await timed(async () => await askDuckDb(duckDb, table));
      for (const { sum } of [ours, list])
        if (theirs.sum !== sum) throw new Error(`sums differ: ${sum} and ${theirs.sum}`);
    }
    const secondsOf = ({ times }: Measurement) => spreadOf(times).median / 1000;
    const cells = (one: Measurement) =>
      `${secondsOf(one).toFixed(2)} | ${theirs === undefined ? '' : (secondsOf(one) / secondsOf(theirs)).toFixed(1)}`;
    if (unit === 'hours')
      for (const [what, { times }] of [
        ['the sums', ours],
        ['the list with balances', list],
      ] as const)
        record({
          name: `${what} of ${GRANTS.toLocaleString('en-US')} grants in whole hours`,
          unit: 'ms',
          values: times,
          ...(theirs === undefined ? {} : { peer: { name: 'DuckDB', values: theirs.times }, goal: 10 }),
        });
    process.stdout.write(
      `| whole ${unit}, DuckDB by ${table} | ${theirs === undefined ? '' : secondsOf(theirs).toFixed(2)} | ${cells(ours)} | ${cells(list)} |\n`,
    );
  }
  await ledger.close();
} finally {
  await database.close();
  rmSync(folder, { recursive: true, force: true });
}
