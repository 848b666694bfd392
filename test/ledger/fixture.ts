import { EVERYTHING } from '../../src/portal/access/rights/scope.ts';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, inject, onTestFinished } from 'vitest';
import { openPool } from '../../src/portal/database/connect.ts';
import type { DatabaseConnection } from '../../src/portal/database/connection.ts';
import type {
  FoldOutcome,
  Ledger,
  Page,
  Reading,
  Refusal,
  SiteDeclaration,
  Sweep,
  UsageQuery,
  StepUsage,
} from '../../src/portal/ledger/ledger.ts';
import { BEGIN_FOLD } from '../../src/portal/ledger/store/database/fence.ts';
import type { Transaction } from '../../src/portal/database/sql.ts';
import { openLedger } from '../../src/portal/ledger/store/open-ledger.ts';
import { foldIntoSite } from '../../src/portal/ledger/store/sweeps/fold-sweep.ts';
import { lockSite, type LockedSite } from '../../src/portal/ledger/store/sweeps/load/lock-site.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { citusOfEnvironment, distribute, dropOnWorkers, joinNodes, type Citus } from '../support/citus.ts';
import { describeWith } from '../support/describe-with.ts';
import { otherDatabase, runSql } from '../support/postgresql-server.ts';
import type { ServerRequest } from '../support/shared-postgresql.ts';
import { Database, openDatabase } from '../../src/portal/database/database.ts';

export const HOUR = 3_600_000;
export const MINUTE = 60_000;
/** Noon of the last day of January. */
export const NOON = Date.UTC(2026, 0, 31, 12);

export const at = (ms: number) => new Date(ms).toISOString();

export function sweep(readings: Reading[], refusals: Refusal[] = []): Sweep {
  return { receivedAtMs: Math.max(0, ...readings.map(({ atMs }) => atMs)), readings, refusals };
}

export async function foldAll(ledger: Ledger, site: string, ...readings: Reading[]): Promise<void> {
  for (const one of readings) await ledger.fold(site, sweep([one]));
}

export function query(more: Partial<UsageQuery> = {}): UsageQuery {
  const by = new Set(['site', 'project', 'resource'] as const);
  return {
    scope: EVERYTHING,
    fromMs: NOON - 12 * HOUR,
    toMs: NOON + 36 * HOUR,
    step: 'hour',
    by,
    limit: 1_000,
    ...more,
  };
}

/** The values of these keys, row by row in the order of the answer. */
export function columns<K extends keyof StepUsage>(
  rows: readonly StepUsage[],
  ...keys: K[]
): StepUsage[K][][] {
  return rows.map((row) => keys.map((key) => row[key]));
}

/** The rows of all pages of `limit` rows. */
export async function inPages<Row>(
  limit: number,
  ask: (page: { limit: number; cursor: string | undefined }) => Promise<Page<Row>>,
): Promise<Row[]> {
  const rows: Row[] = [];
  let cursor: string | undefined;
  do {
    const page = await ask({ limit, cursor });
    rows.push(...page.data);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return rows;
}

/** Declarations of sites with these names and no other settings. */
export function sitesNamed(...names: string[]): SiteDeclaration[] {
  return names.map((name) => ({ name, labels: {} }));
}

/** A clock that shows `time`, which only the test moves. */
export function clockAt(time: { nowMs: number }): Clock {
  return { nowMs: () => time.nowMs, sleep: async () => undefined };
}

/** Opens a database for parts of the store, and closes it with the test. `heard` gets each statement's text, and may delay it. */
export function storeOn(
  connection: DatabaseConnection,
  heard: (statement: string) => unknown = () => undefined,
): Database {
  const pool = openPool(connection, silentLogger(), 10);
  pool.on('connect', (client) => {
    const ask = client.query.bind(client) as (statement: { text: string }, ...more: unknown[]) => unknown;
    const heardQuery: typeof ask = (statement, ...more) => {
      const delay = heard(statement.text);
      return delay instanceof Promise ? delay.then(() => ask(statement, ...more)) : ask(statement, ...more);
    };
    Object.assign(client, { query: heardQuery });
  });
  const database = new Database(pool);
  onTestFinished(async () => await database.close());
  return database;
}

/** Locks a site for a sweep, and does work in the transaction. */
export async function onLockedSite<T>(
  database: Database,
  siteId: number,
  { readings }: Sweep,
  work: (trx: Transaction, site: LockedSite) => Promise<T>,
): Promise<T> {
  return await database.transaction(
    async (trx) => await work(trx, await lockSite(trx, siteId, readings)),
    BEGIN_FOLD,
  );
}

/** Folds a sweep in one transaction, in parts of a size. */
export async function foldInParts(
  database: Database,
  siteId: number,
  one: Sweep,
  readingsInPart?: number,
): Promise<FoldOutcome> {
  return await onLockedSite(
    database,
    siteId,
    one,
    async (trx, site) => await foldIntoSite(trx, site, one, readingsInPart),
  );
}

export interface LedgerFixture {
  ledger: Ledger;
  connection: DatabaseConnection;
  /** The ledger's clock, which only the test moves. */
  time: { nowMs: number };
  /** Opens the same ledger again, as another portal does. */
  open: () => Promise<Ledger>;
}

/** Makes a ledger with these sites in a new database. */
export type FreshLedger = (sites?: string[]) => Promise<LedgerFixture>;

/**
 * Declares the same tests for each available PostgreSQL: the embedded one, the system's (`postgresql`), the one that
 * STACKMETER_TEST_DATABASE_URL names, and the Citus that LEDGER_TEST_DATABASE_URL names.
 */
export function onEveryPostgresql(name: string, tests: (freshLedger: FreshLedger) => void): void {
  onEmbeddedPostgresql(name, tests);
  describeWith(['postgresql'], `${name}, on the PostgreSQL of the system`, ({ postgresql }) => {
    tests(ledgersOn(() => borrowServer(postgresql)));
  });
  for (const url of databaseUrls()) {
    describe(`${name}, on STACKMETER_TEST_DATABASE_URL`, () => {
      tests(ledgersOn(() => ({ connectionString: url })));
    });
  }
  const citus = citusOfEnvironment();
  if (citus === undefined) return;
  describe(`${name}, on LEDGER_TEST_DATABASE_URL`, () => {
    tests(ledgersOn(() => ({ connectionString: citus.coordinator.href }), citus));
  });
}

/** For tests of decisions that do not depend on the version of PostgreSQL. */
export function onEmbeddedPostgresql(name: string, tests: (freshLedger: FreshLedger) => void): void {
  describe(`${name}, on the embedded PostgreSQL`, () => {
    tests(ledgersOn(() => borrowServer()));
  });
}

function databaseUrls(): string[] {
  const url = process.env['STACKMETER_TEST_DATABASE_URL'];
  return url === undefined ? [] : [url];
}

/** The server of this test file; it runs the programs in `bin`, or the embedded ones. */
async function borrowServer(bin?: string): Promise<DatabaseConnection> {
  const request: ServerRequest = { worker: process.env['VITEST_POOL_ID'] ?? '', ...(bin ? { bin } : {}) };
  const response = await fetch(inject('postgresqlServers'), {
    method: 'POST',
    body: JSON.stringify(request),
  });
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as DatabaseConnection;
}

function ledgersOn(
  connect: () => DatabaseConnection | Promise<DatabaseConnection>,
  citus?: Citus,
): FreshLedger {
  let base: DatabaseConnection;
  let template: string | undefined;
  beforeAll(async () => {
    base = await connect();
    if (citus === undefined) template = await makeTemplate(base);
  });
  afterAll(async () => {
    if (template !== undefined) await runSql(base, `DROP DATABASE ${template} WITH (FORCE)`);
  });
  return async (sites = ['a']) => {
    const fixture = await ledgerIn(base, template, citus);
    await fixture.ledger.declareSites(sitesNamed(...sites));
    return fixture;
  };
}

function newName(): string {
  return `stackmeter_test_${randomBytes(6).toString('hex')}`;
}

/** A database with the newest schema. A copy of it takes less time than all migrations. Citus cannot copy databases. */
async function makeTemplate(base: DatabaseConnection): Promise<string> {
  const name = newName();
  await runSql(base, `CREATE DATABASE ${name}`);
  const logger = silentLogger();
  const database = await openDatabase(otherDatabase(base, name), logger);
  await (await openLedger({ database, clock: clockAt({ nowMs: NOON }), logger })).close();
  return name;
}

async function ledgerIn(
  base: DatabaseConnection,
  template: string | undefined,
  citus: Citus | undefined,
): Promise<LedgerFixture> {
  const name = newName();
  await runSql(
    base,
    `CREATE DATABASE ${name}${template === undefined ? '' : ` TEMPLATE ${template} STRATEGY file_copy`}`,
  );
  const connection = otherDatabase(base, name);
  if (citus !== undefined) await joinNodes(citus, name);
  const time = { nowMs: NOON };
  const open = async () =>
    await openLedger({
      database: await openDatabase(connection, silentLogger()),
      clock: clockAt(time),
      logger: silentLogger(),
    });
  const ledger = await open();
  if (citus !== undefined) await distribute(connection);
  onTestFinished(async () => {
    await ledger.close();
    await runSql(base, `DROP DATABASE ${name} WITH (FORCE)`);
    if (citus !== undefined) await dropOnWorkers(citus, name);
  });
  return { ledger, connection, time, open };
}
