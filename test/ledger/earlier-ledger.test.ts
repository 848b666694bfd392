import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { DatabaseConnection } from '../../src/portal/database/connection.ts';
import { reading } from './in-memory-book.ts';
import type { Ledger } from '../../src/portal/ledger/ledger.ts';
import { MIGRATIONS } from '../../src/portal/ledger/store/migrations/all.ts';
import { openLedger } from '../../src/portal/ledger/store/open-ledger.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { describeWith } from '../support/describe-with.ts';
import { clockAt, columns, foldAll, HOUR, NOON, onEveryPostgresql, query } from './fixture.ts';
import {
  installedPostgresql,
  otherDatabase,
  reach,
  runSql,
  type TestServer,
} from '../support/postgresql-server.ts';
import { withoutSync } from '../support/shared-postgresql.ts';
import { openDatabase } from '../../src/portal/database/database.ts';

/** Ledgers that earlier versions wrote, by `portal ledger export` and by `pg_dump`; files are named by commit. */
const folder = fileURLToPath(new URL('earlier-ledgers/', import.meta.url));
const filesEndingIn = (end: string) => readdirSync(folder).filter((name) => name.endsWith(end));
const NOW = NOON + 80 * HOUR;

async function* linesOf(file: string): AsyncGenerator<string> {
  yield* readFileSync(join(folder, file), 'utf8').trimEnd().split('\n');
}

async function migrationsOf(connection: DatabaseConnection): Promise<unknown[]> {
  return await runSql(connection, 'SELECT id, name FROM ledger.migration ORDER BY id');
}

/** Migrations, usage in hours, and the differences that `verify` finds before and after another reading. */
async function contentsOf(ledger: Ledger, connection: DatabaseConnection) {
  const migrations = await migrationsOf(connection);
  const disagree = await ledger.verify();
  const by = new Set(['site', 'cloud', 'project', 'resource'] as const);
  const { data } = await ledger.usage(query({ toMs: NOW, step: 'total', by }));
  await foldAll(ledger, 'b', reading(NOW - HOUR, 2n ** 70n + 9n + BigInt(HOUR)));
  return {
    migrations,
    usage: columns(data, 'site', 'cloud', 'projectId', 'amount'),
    disagree: [...disagree, ...(await ledger.verify())],
  };
}

/** The contents of each of these ledgers. */
const CONTENTS = {
  migrations: MIGRATIONS.map(({ id, name }) => ({ id, name })),
  usage: [
    ['a', '', 'p1', 16.999999166666665],
    ['a', 'west', 'p2', 0.000015277777777777777],
    ['b', '', 'p1', 0.0000025],
    ['b', 'second', 'p9', 0.000001388888888888889],
  ],
  disagree: [],
};

onEveryPostgresql('a ledger that an earlier version exported', (freshLedger) => {
  it.each(filesEndingIn('.ndjson'))('(%s) is imported and migrated', async (file) => {
    const { ledger, connection, time } = await freshLedger([]);
    time.nowMs = NOW;
    const [rows] = /(?<="rows":)\d+/.exec(readFileSync(join(folder, file), 'utf8')) ?? [];
    expect(await ledger.importLines(linesOf(file))).toBe(Number(rows));
    expect(await contentsOf(ledger, connection)).toEqual(CONTENTS);
  });

  it.each(filesEndingIn('.ndjson'))('(%s) changes nothing if its end is missing', async (file) => {
    const { ledger, connection } = await freshLedger([]);
    const cut = async function* () {
      let last: string | undefined;
      for await (const line of linesOf(file)) {
        if (last !== undefined) yield last;
        last = line;
      }
    };
    await expect(ledger.importLines(cut())).rejects.toThrow(/the end is missing.*; nothing was imported$/);
    expect(await migrationsOf(connection)).toEqual(CONTENTS.migrations);
    expect(await runSql(connection, `SELECT FROM ledger.site UNION ALL SELECT FROM ledger.resource`)).toEqual(
      [],
    );
  });
});

/** Numbers of migrations that came together with the next one: no commit ends with them. */
const NEVER_NEWEST = new Set([5, 16]);

describe('the earlier ledgers', () => {
  it('include one of each schema before the present one', () => {
    const newest = new Set(filesEndingIn('.sql').map(newestMigrationOf));
    const missing = MIGRATIONS.slice(0, -1).filter(({ id }) => !newest.has(id) && !NEVER_NEWEST.has(id));
    expect(missing.map(({ id, name }) => `${id} ${name}`)).toEqual([]);
  });
});

function newestMigrationOf(file: string): number {
  const [rows = ''] =
    /(?<=^COPY ledger\.migration .*\n)(?:\d.*\n)+/m.exec(readFileSync(join(folder, file), 'utf8')) ?? [];
  return Math.max(
    ...rows
      .trimEnd()
      .split('\n')
      .map((row) => Number.parseInt(row, 10)),
  );
}

describeWith(['postgresql'], 'a database with the ledger of an earlier version', ({ postgresql }) => {
  let dataFolder: string;
  let server: TestServer;
  let base: DatabaseConnection;
  beforeAll(async () => {
    dataFolder = mkdtempSync(join(tmpdir(), 'stackmeter-test-'));
    server = installedPostgresql(postgresql, dataFolder);
    base = await withoutSync(server.start());
  });
  afterAll(async () => {
    await server.close();
    rmSync(dataFolder, { recursive: true, force: true });
  });

  it.each(filesEndingIn('.sql'))(
    '(%s) is migrated when a portal opens it, and keeps every row',
    async (file) => {
      const name = `of_${file.replace('.sql', '')}`;
      await runSql(base, `CREATE DATABASE ${name}`);
      const connection = otherDatabase(base, name);
      await promisify(execFile)(join(postgresql, 'psql'), [
        ...reach(connection),
        '-qX',
        '--set=ON_ERROR_STOP=1',
        `--file=${join(folder, file)}`,
      ]);
      const tables = await columnsOf(connection);
      const before = await rowsOf(connection, tables);
      const ledger = await openLedger({
        database: await openDatabase(connection, silentLogger()),
        clock: clockAt({ nowMs: NOW }),
        logger: silentLogger(),
      });
      onTestFinished(async () => await ledger.close());
      expect(await rowsOf(connection, tables)).toEqual(before);
      expect(await contentsOf(ledger, connection)).toEqual(CONTENTS);
    },
  );
});

interface TableColumns {
  table: string;
  columns: string;
}

/** Tables with data of the ledger, and their columns. Migrations and running portals are no such data. */
async function columnsOf(connection: DatabaseConnection): Promise<TableColumns[]> {
  return await runSql<TableColumns>(
    connection,
    `SELECT format('%I.%I', table_schema, table_name) AS table, string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position) AS columns
     FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
     WHERE table_schema IN ('ledger', 'remote_write') AND table_type = 'BASE TABLE' AND table_name NOT IN ('migration', 'portal', 'lease')
     GROUP BY table_schema, table_name ORDER BY 1`,
  );
}

/** The rows of these columns, as text. */
async function rowsOf(connection: DatabaseConnection, tables: readonly TableColumns[]): Promise<string[]> {
  const found: string[] = [];
  for (const { table, columns: names } of tables) {
    const rows = await runSql<{ row: string }>(
      connection,
      `SELECT row(${names})::text AS row FROM ${table} ORDER BY 1`,
    );
    found.push(...rows.map(({ row }) => `${table} ${row}`));
  }
  return found;
}
