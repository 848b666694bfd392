import { expect, it, onTestFinished } from 'vitest';
import { Client } from 'pg';
import type { DatabaseConnection } from '../../src/portal/database/connection.ts';
import { openDatabase } from '../../src/portal/database/database.ts';
import { INBOX_LEASE, renewLeases, siteLease } from '../../src/portal/leases/lease-store.ts';
import { migrate } from '../../src/portal/ledger/store/database/migrate.ts';
import { MIGRATIONS, type Migration } from '../../src/portal/ledger/store/migrations/all.ts';
import { openLedger } from '../../src/portal/ledger/store/open-ledger.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { runSql } from '../support/postgresql-server.ts';
import { eventually } from '../support/processes.ts';
import { clockAt, columns, HOUR, NOON, onEmbeddedPostgresql, query, storeOn, sweep } from './fixture.ts';
import { reading } from './in-memory-book.ts';

const LEASE_MS = 600_000;
const SITES = { read: ['a'], declared: ['a'] };

/** A migration of a later version. */
function later(more: Partial<Migration>): readonly Migration[] {
  return [
    ...MIGRATIONS,
    { id: 999, name: 'later', sql: 'ALTER TABLE ledger.site ADD COLUMN later text', ...more },
  ];
}

/** The statement with which a portal of schema 18 renews its leases. */
const RENEWAL_OF_18 = `
  INSERT INTO ledger.portal (holder, configuration, alive_until, sites) VALUES ('old', 'c', now() + interval '1 hour', '{a}')
  ON CONFLICT (holder) DO UPDATE SET alive_until = excluded.alive_until`;

/** The statement with which a portal of schema 18 packs a month, without its parts. */
const PACKING_OF_18 = `
  INSERT INTO ledger.month (site_id, meter_id, first_hour, last_hour, hour_amounts, hour_spreads, day_amounts, day_spreads)
  VALUES (1, 1, 0, 743, NULL, NULL, '{1}', NULL)
  ON CONFLICT (site_id, meter_id, first_hour) DO UPDATE SET day_amounts = excluded.day_amounts`;

onEmbeddedPostgresql('a portal beside a newer one', (freshLedger) => {
  /** Makes the ledger one of schema 18, with a site that the portal `old` reads. */
  async function ledgerOf18(connection: DatabaseConnection): Promise<void> {
    await runSql(connection, 'DROP SCHEMA ledger CASCADE');
    await migrate(storeOn(connection), silentLogger(), {
      migrations: MIGRATIONS.filter(({ id }) => id <= 18),
    });
    await runSql(
      connection,
      `INSERT INTO ledger.site (name, labels, declared) VALUES ('a', '{}', true);
       INSERT INTO ledger.site_state (site_id) VALUES (1);
       ${RENEWAL_OF_18};
       INSERT INTO ledger.lease VALUES ('site/a', 'old')`,
    );
  }

  /** A fold of `old` that has locked its site and found its lease. `end` writes and commits. */
  async function foldUnderWay(connection: DatabaseConnection) {
    const client = new Client(connection);
    await client.connect();
    onTestFinished(async () => await client.end());
    await client.query('BEGIN; SELECT FROM ledger.site_state WHERE site_id = 1 FOR UPDATE');
    const { rowCount } = await client.query(
      `SELECT FROM ledger.lease WHERE name = 'site/a' AND holder = 'old'`,
    );
    expect(rowCount).toBe(1);
    return {
      end: async () => {
        await client.query('UPDATE ledger.site_state SET last_sweep_ms = 7 WHERE site_id = 1; COMMIT');
      },
    };
  }

  it('ends the fold that it has started, and then writes nothing; the newer one reads its sites at once', async () => {
    const { connection } = await freshLedger([]);
    await ledgerOf18(connection);
    const fold = await foldUnderWay(connection);
    const opening = openLedger({
      database: await openDatabase(connection, silentLogger()),
      clock: clockAt({ nowMs: NOON }),
      logger: silentLogger(),
    });
    onTestFinished(async () => await (await opening).close());
    await eventually(async () => {
      const waiting = await runSql(
        connection,
        `SELECT FROM pg_locks WHERE relation = 'ledger.site_state'::regclass AND NOT granted`,
      );
      return waiting.length > 0 ? true : undefined;
    });
    await fold.end();
    await opening;
    expect(await runSql(connection, 'SELECT last_sweep_ms FROM ledger.site_state')).toEqual([
      { last_sweep_ms: '7' },
    ]);
    expect(await runSql(connection, 'SELECT FROM ledger.lease')).toEqual([]);
    await expect(runSql(connection, RENEWAL_OF_18)).rejects.toThrow(
      'a newer stackmeter has migrated the ledger: stop this portal, and start the newer version',
    );
    await expect(runSql(connection, PACKING_OF_18)).rejects.toThrow('packed_schema');
    const { held } = await renewLeases(storeOn(connection), 'new', SITES, LEASE_MS);
    expect([...held].toSorted()).toEqual([INBOX_LEASE, siteLease('a')]);
  });

  async function portalAtWork() {
    const { ledger, connection } = await freshLedger(['a']);
    const database = storeOn(connection);
    const lease = { name: siteLease('a'), holder: 'one' };
    await renewLeases(database, 'one', SITES, LEASE_MS);
    await ledger.fold('a', sweep([reading(NOON, 0)]), lease);
    const sum = async () => columns((await ledger.usage(query({ step: 'total' }))).data, 'amount');
    return { ledger, database, lease, sum };
  }

  it('folds, packs and renews no more after a migration that excludes it', async () => {
    const { ledger, database, lease, sum } = await portalAtWork();
    await migrate(database, silentLogger(), { migrations: later({ excludesOlder: true }) });
    const next = sweep([reading(NOON + HOUR, HOUR)]);
    await expect(ledger.fold('a', next, lease)).rejects.toThrow("is now another portal's");
    await expect(ledger.foldLate('a', [next], lease)).rejects.toThrow("is now another portal's");
    await expect(ledger.maintain(undefined, 'one')).rejects.toThrow('this portal has lost its leases');
    await expect(renewLeases(database, 'one', SITES, LEASE_MS)).rejects.toThrow('a newer stackmeter');
    // A newer portal states a newer schema, and counts the same hour once.
    await database.query({ text: PORTAL_OF_999, values: [] });
    await ledger.fold('a', next, { ...lease, holder: 'new' });
    expect([await sum(), await ledger.verify()]).toEqual([[[1]], []]);
  });

  it('goes on after any other migration', async () => {
    const { ledger, database, lease, sum } = await portalAtWork();
    await migrate(database, silentLogger(), { migrations: later({}) });
    await ledger.fold('a', sweep([reading(NOON + HOUR, HOUR)]), lease);
    await ledger.maintain(undefined, 'one');
    expect((await renewLeases(database, 'one', SITES, LEASE_MS)).held.size).toBe(2);
    expect([await sum(), await ledger.verify()]).toEqual([[[1]], []]);
  });
});

const PORTAL_OF_999 = `
  WITH new AS (
    INSERT INTO ledger.portal (holder, configuration, alive_until, schema) VALUES ('new', 'c', now() + interval '1 hour', 999)
    RETURNING holder
  )
  INSERT INTO ledger.lease SELECT 'site/a', holder FROM new`;
