import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import type { DatabaseConnection } from '../../src/portal/database/connection.ts';
import { reading } from './in-memory-book.ts';
import type { Ledger } from '../../src/portal/ledger/ledger.ts';
import { MIGRATIONS } from '../../src/portal/ledger/store/migrations/all.ts';
import { openLedger } from '../../src/portal/ledger/store/open-ledger.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { describeWith } from '../support/describe-with.ts';
import { clockAt, columns, foldAll, HOUR, NOON, onEveryPostgresql, query } from './fixture.ts';
import { installedPostgresql, otherDatabase, reach, runSql } from '../support/postgresql-server.ts';
import { temporaryFolder } from '../support/processes.ts';
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

describeWith(['postgresql'], 'a database with the ledger of an earlier version', ({ postgresql }) => {
  it.each(filesEndingIn('.sql'))('(%s) is migrated when a portal opens it', async (file) => {
    const server = installedPostgresql(postgresql, temporaryFolder());
    onTestFinished(async () => await server.close());
    const base = await server.start();
    await runSql(base, 'CREATE DATABASE earlier');
    const connection = otherDatabase(base, 'earlier');
    await promisify(execFile)(join(postgresql, 'psql'), [
      ...reach(connection),
      '-qX',
      '--set=ON_ERROR_STOP=1',
      `--file=${join(folder, file)}`,
    ]);
    const ledger = await openLedger({
      database: await openDatabase(connection, silentLogger()),
      clock: clockAt({ nowMs: NOW }),
      logger: silentLogger(),
    });
    onTestFinished(async () => await ledger.close());
    expect(await contentsOf(ledger, connection)).toEqual(CONTENTS);
  });
});
