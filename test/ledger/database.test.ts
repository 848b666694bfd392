import { PassThrough } from 'node:stream';
import { MIGRATIONS } from '../../src/portal/ledger/store/migrations/all.ts';
import { describe, expect, it, onTestFinished } from 'vitest';
import { reading } from './in-memory-book.ts';
import { connectToDatabase } from '../../src/portal/database/connect.ts';
import { migrate } from '../../src/portal/ledger/store/database/migrate.ts';
import { openLedger } from '../../src/portal/ledger/store/open-ledger.ts';
import { createLogger, silentLogger } from '../../src/runtime/logger.ts';
import { takeLock } from '../../src/portal/database/advisory-lock.ts';
import { sql, type Transaction } from '../../src/portal/database/sql.ts';
import { clockAt, columns, HOUR, MINUTE, NOON, onEveryPostgresql, query, storeOn, sweep } from './fixture.ts';
import { runSql } from '../support/postgresql-server.ts';
import { openDatabase } from '../../src/portal/database/database.ts';

onEveryPostgresql('the ledger', (freshLedger) => {
  describe('the database of a ledger', () => {
    it('is migrated once, also if several portals open it at the same moment', async () => {
      const { open, connection } = await freshLedger();
      await runSql(connection, 'DROP SCHEMA ledger CASCADE');
      const ledgers = await Promise.all([open(), open(), open()]);
      await Promise.all(ledgers.map((ledger) => ledger.close()));
      expect(await runSql(connection, 'SELECT id FROM ledger.migration ORDER BY id')).toEqual(
        MIGRATIONS.map(({ id }) => ({ id })),
      );
    });

    it('is refused if a newer version wrote it', async () => {
      const { open, connection } = await freshLedger();
      await runSql(connection, `INSERT INTO ledger.migration (id, name) VALUES (999, 'of the future')`);
      await expect(open()).rejects.toThrow(
        /^the ledger in the database was written by a newer stackmeter \(its schema is 999, this program knows \d+\): use that version or a newer one$/,
      );
    });

    it('gets a destructive migration only with the option for it, or while the ledger is empty', async () => {
      const { connection } = await freshLedger();
      const database = await openDatabase(connection, silentLogger());
      onTestFinished(async () => await database.close());
      const expand = { id: 998, name: 'one more', sql: 'ALTER TABLE ledger.site ADD COLUMN more text' };
      const drop = {
        id: 999,
        name: 'no labels',
        sql: 'ALTER TABLE ledger.site DROP COLUMN labels',
        destructive: true,
      };
      const migrations = [...MIGRATIONS, expand, drop];
      const columnsOfSite = async () =>
        (
          await runSql<{ name: string }>(
            connection,
            `SELECT column_name AS name FROM information_schema.columns
           WHERE table_schema = 'ledger' AND table_name = 'site' ORDER BY ordinal_position`,
          )
        ).map(({ name }) => name);
      const refusal = `migration 999 of the ledger ('no labels') destroys data for ever: back up the ledger, then start once with --unsafe-destructive-migrations; nothing was changed`;
      const before = await columnsOfSite();
      const after = [...before.filter((name) => name !== 'labels'), 'more'];
      expect(before).toContain('labels');
      await expect(migrate(database, silentLogger(), { migrations })).rejects.toThrow(refusal);
      expect(await columnsOfSite()).toEqual(before);
      await migrate(database, silentLogger(), { migrations, allowDestructive: true });
      expect(await columnsOfSite()).toEqual(after);
      await migrate(database, silentLogger(), { migrations });
      await runSql(connection, 'DROP SCHEMA ledger CASCADE');
      await migrate(database, silentLogger(), { migrations });
      expect(await columnsOfSite()).toEqual(after);
    });

    it('takes no statement after the end of its transaction, and never ends well after a failed one', async () => {
      const { connection } = await freshLedger();
      const database = await openDatabase(connection, silentLogger());
      onTestFinished(async () => await database.close());
      const ended: Transaction[] = [];
      const failing = database.transaction(async (trx) => {
        ended.push(trx);
        throw new Error('no more');
      });
      await expect(failing).rejects.toThrow('no more');
      ended[0]?.send(sql`CREATE TABLE ledger.late ()`);
      await expect(ended[0]?.query(sql`SELECT 1`)).rejects.toThrow('the transaction has ended');
      const swallowing = database.transaction(
        async (trx) => await trx.query(sql`SELECT 1 / 0`).catch(() => undefined),
      );
      await expect(swallowing).rejects.toThrow('a statement failed: the transaction was rolled back');
      expect(await runSql(connection, `SELECT to_regclass('ledger.late') AS late`)).toEqual([{ late: null }]);
    });

    it('takes a lock from a process that hangs with it, and ends its transaction', async () => {
      const { connection } = await freshLedger();
      const [hanging, waiting] = [
        await openDatabase(connection, silentLogger()),
        await openDatabase(connection, silentLogger()),
      ];
      onTestFinished(async () => void (await Promise.all([hanging.close(), waiting.close()])));
      let goOn = (): void => undefined;
      const goesOn = new Promise<void>((resolve) => (goOn = resolve));
      let isTaken = (): void => undefined;
      const taken = new Promise<void>((resolve) => (isTaken = resolve));
      const failure = hanging
        .transaction(async (trx) => {
          await takeLock(trx, 1n, 500);
          isTaken();
          await goesOn;
          await trx.query(sql`SELECT 1`);
        })
        .catch((error: unknown) => error);
      await taken;
      await waiting.transaction(async (trx) => await takeLock(trx, 1n));
      goOn();
      expect(await failure).toBeInstanceOf(Error);
    });

    it('logs nothing when its connections end, even if the server breaks one at that moment', async () => {
      const { connection } = await freshLedger();
      const { logger, lines } = loggerInMemory();
      const pool = await connectToDatabase(connection, logger);
      const { rows } = await pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      const pid = rows[0]?.pid ?? 0;
      const ended = new Promise((resolve) => void pool.once('remove', resolve));
      // When the stopped server process continues, the client is gone and an order to end is waiting.
      process.kill(pid, 'SIGSTOP');
      await pool.end();
      await runSql(connection, `SELECT pg_terminate_backend(${pid})`);
      process.kill(pid, 'SIGCONT');
      await ended;
      expect(lines()).toEqual([]);
    });

    it('logs a warning if an idle connection breaks', async () => {
      const { connection } = await freshLedger();
      const { logger, lines } = loggerInMemory();
      const pool = await connectToDatabase(connection, logger);
      onTestFinished(async () => await pool.end());
      const { rows } = await pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      const broken = new Promise((resolve) => void pool.once('error', resolve));
      await runSql(connection, `SELECT pg_terminate_backend(${rows[0]?.pid})`);
      await broken;
      expect(lines().map(({ level, msg }) => [level, msg])).toEqual([
        ['warn', 'an idle database connection broke'],
      ]);
    });

    it('may change the types of columns: a connection does not keep the statements from before', async () => {
      const { ledger, connection } = await freshLedger();
      // `fold` would try again by itself.
      const fold = async (hour: number) =>
        await ledger.foldInAnyOrder('a', sweep([reading(NOON + hour * HOUR, hour * HOUR)]));
      await fold(0);
      await runSql(connection, 'ALTER TABLE ledger.site_state ALTER COLUMN next_id TYPE bigint');
      await expect(fold(1)).rejects.toThrow('cached plan must not change result type');
      expect(await fold(1)).toMatchObject({ folded: 1 });
      expect(await ledger.verify()).toEqual([]);
    });

    it.each([
      ['the server refuses', sql`SELECT 1 / 0`, 'division by zero'],
      ['never leaves', sql`SELECT ${{ toPostgres: () => throwing() }}`, 'no such value'],
    ])('keeps nothing of a transaction with a sent statement that %s', async (_, broken, message) => {
      const { connection } = await freshLedger();
      const database = storeOn(connection);
      const sending = async (last: (trx: Transaction) => unknown) =>
        await database.transaction(async (trx) => {
          trx.send(sql`CREATE TABLE one ()`);
          trx.send(broken);
          trx.send(sql`CREATE TABLE other ()`);
          await last(trx);
        });
      await expect(sending(() => undefined)).rejects.toThrow(message);
      await expect(sending((trx) => trx.query(sql`SELECT 1`).catch(() => undefined))).rejects.toThrow(
        message,
      );
      const { rows } = await database.query(
        sql`SELECT to_regclass('one') AS one, to_regclass('other') AS other`,
      );
      expect(rows).toEqual([{ one: null, other: null }]);
    });

    it('may break all connections: a sweep that was not folded can be folded again', async () => {
      const { ledger, connection } = await freshLedger();
      await ledger.fold('a', sweep([reading(NOON, 0)]));
      await runSql(
        connection,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()`,
      );
      const next = sweep([reading(NOON + MINUTE, HOUR)]);
      await ledger.fold('a', next).catch(() => undefined);
      await ledger.fold('a', next);
      await ledger.ping();
      expect(columns((await ledger.usage(query())).data, 'amount')).toEqual([[1]]);
    });
  });
});

describe('a database that cannot be used', () => {
  const clock = clockAt({ nowMs: NOON });
  const open = (connectionString: string) =>
    openDatabase({ connectionString }, silentLogger()).then((database) =>
      openLedger({ database, clock, logger: silentLogger() }),
    );

  it('is named with its address in one line, without the password', async () => {
    await expect(open('postgres://me:secret@127.0.0.1:9/usage')).rejects.toThrow(
      /^cannot use the database "usage" at 127\.0\.0\.1:9: connect ECONNREFUSED 127\.0\.0\.1:9: start it, or correct DATABASE_URL$/,
    );
  });

  it('is an error without the password if its address is no URL', async () => {
    const message = await open('postgres://me:secret@[broken').catch((error: Error) => error.message);
    expect(message).toBe('DATABASE_URL is not a URL such as postgres://user:password@host:5432/database');
  });
});

function throwing(): never {
  throw new Error('no such value');
}

function loggerInMemory() {
  const destination = new PassThrough();
  const text: string[] = [];
  destination.on('data', (chunk) => text.push(String(chunk)));
  const lines = () =>
    text
      .join('')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { level: string; msg: string });
  return { logger: createLogger({ destination, pretty: false }), lines };
}
