import { describe, expect, it, onTestFinished } from 'vitest';
import type { DatabaseConnection } from '../../src/portal/database/connection.ts';
import { reading } from './in-memory-book.ts';
import { EVERYTHING } from '../../src/portal/access/rights/scope.ts';
import { capsOfSite } from '../../src/portal/ledger/accounting/sites/site-caps.ts';
import { DEFAULT_QUESTION_LIMITS } from '../../src/portal/ledger/question-cost.ts';
import { answersOf } from '../../src/portal/ledger/store/answers-of.ts';
import { migrate } from '../../src/portal/ledger/store/database/migrate.ts';
import { MIGRATIONS } from '../../src/portal/ledger/store/migrations/all.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { admitSweep } from '../../src/portal/ledger/store/sweeps/admit-sweep.ts';
import { foldLateIntoSite } from '../../src/portal/ledger/store/sweeps/fold-late.ts';
import { foldIntoSite } from '../../src/portal/ledger/store/sweeps/fold-sweep.ts';
import { siteIdOf } from '../../src/portal/ledger/store/sweeps/load/lock-site.ts';
import {
  clockAt,
  HOUR,
  MINUTE,
  NOON,
  onEveryPostgresql,
  onLockedSite,
  query,
  sitesNamed,
  storeOn,
  sweep,
} from './fixture.ts';
import { DISTRIBUTE, distribute } from '../support/citus.ts';
import { runSql } from '../support/postgresql-server.ts';

/** Tables that are on every node, or only on the coordinator. */
const NOT_DISTRIBUTED = [
  'site',
  'portal',
  'lease',
  'migration',
  'account_change',
  'account_record',
  'person',
  'person_identity',
  'api_token',
  'session',
  'sign_in',
  'invitation',
  'audit',
];

/** The tables that the script distributes, in its order. */
function distributedTables(): string[] {
  return [...DISTRIBUTE.matchAll(/^SELECT pg_temp\.distribute\('(\w+)'\)/gm)]
    .map(([, name = '']) => name)
    .filter((name) => name !== 'site');
}

/**
 * The rules of Citus 13.2 for keys, as functions of a plain PostgreSQL. A table cannot become distributed while a foreign key
 * connects it to a table that is not, and a new key between them is refused.
 */
async function pretendCitus(connection: DatabaseConnection): Promise<void> {
  await runSql(
    connection,
    `CREATE TABLE pg_dist_partition (logicalrelid regclass PRIMARY KEY, column_name text, colocated text);
     CREATE FUNCTION refuse_keys_to_local_tables(relation regclass) RETURNS void LANGUAGE plpgsql AS $$
     BEGIN
       IF EXISTS (
         SELECT FROM pg_constraint c WHERE contype = 'f' AND relation IN (conrelid, confrelid)
           AND NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = CASE WHEN c.conrelid = relation THEN c.confrelid ELSE c.conrelid END)
       ) THEN RAISE EXCEPTION 'cannot create foreign key constraint of %', relation; END IF;
     END $$;
     CREATE FUNCTION create_reference_table(relation regclass) RETURNS void LANGUAGE plpgsql AS $$
     BEGIN
       PERFORM refuse_keys_to_local_tables(relation);
       INSERT INTO pg_dist_partition VALUES (relation, NULL, NULL);
     END $$;
     CREATE FUNCTION create_distributed_table(relation regclass, column_name text, colocate_with text) RETURNS void LANGUAGE plpgsql AS $$
     BEGIN
       PERFORM refuse_keys_to_local_tables(relation);
       INSERT INTO pg_dist_partition VALUES (relation, column_name, colocate_with);
     END $$`,
  );
}

/** What PostgreSQL itself can tell about a ledger on Citus: keys, statements, and the script that distributes it. */
onEveryPostgresql('a ledger that is distributed by site', (freshLedger) => {
  describe('the script', () => {
    it('distributes a filled ledger, keeps every foreign key, and can be repeated', async () => {
      const { ledger, connection } = await freshLedger();
      await ledger.fold('a', sweep([reading(NOON, 0)]));
      const keys = await foreignKeys(connection);
      await pretendCitus(connection);
      const first = await distribute(connection);
      expect(first.filter((line) => line.endsWith('distributed now'))).toHaveLength(
        distributedTables().length + 1,
      );
      expect(await foreignKeys(connection)).toEqual(keys);
      const again = await distribute(connection);
      expect(again.filter((line) => /distributed now|dropped|added/.test(line))).toEqual([]);
      expect(await ledger.verify()).toEqual([]);
    });

    it('goes on after an interruption, even between the drop and the addition of a key', async () => {
      const { connection } = await freshLedger();
      const keys = await foreignKeys(connection);
      await pretendCitus(connection);
      await runSql(connection, 'ALTER TABLE ledger.resource DROP CONSTRAINT resource_site_id_fkey');
      await distribute(connection);
      await runSql(connection, 'ALTER TABLE ledger.cloud DROP CONSTRAINT cloud_site_id_fkey');
      expect(await distribute(connection)).toContain('cloud_site_id_fkey: added');
      expect(await foreignKeys(connection)).toEqual(keys);
    });

    it('is needed: no order of the tables can be distributed while they have their keys', async () => {
      const { connection } = await freshLedger();
      await pretendCitus(connection);
      for (const table of ['site_state', 'cloud', 'resource'])
        await expect(
          runSql(connection, `SELECT create_distributed_table('ledger.${table}', 'site_id', 'none')`),
        ).rejects.toThrow('cannot create foreign key constraint');
    });

    it('refuses a database without Citus, and a ledger that a portal uses', async () => {
      const { connection } = await freshLedger();
      await expect(distribute(connection)).rejects.toThrow('this database has no Citus');
      await pretendCitus(connection);
      await runSql(
        connection,
        `INSERT INTO ledger.portal (holder, configuration, alive_until, schema) VALUES ('one', '', now() + interval '1 hour', 999)`,
      );
      await expect(distribute(connection)).rejects.toThrow('stop all portals first');
    });
  });

  it('gets new tables of a migration distributed before their keys, in statements of their own', async () => {
    const { connection } = await freshLedger();
    await pretendCitus(connection);
    await distribute(connection);
    const statements: string[] = [];
    const database = storeOn(connection, (statement) => statements.push(statement));
    const newTable = `
      CREATE TABLE ledger.later (site_id integer NOT NULL, note text, PRIMARY KEY (site_id));
      ALTER TABLE ledger.later ADD CONSTRAINT later_site FOREIGN KEY (site_id) REFERENCES ledger.site`;
    await migrate(database, silentLogger(), {
      migrations: [...MIGRATIONS, { id: 999, name: 'later', sql: newTable }],
    });
    const order = ['CREATE TABLE ledger.later', 'create_distributed_table', 'ADD CONSTRAINT later_site'];
    expect(order.map((text) => statements.findIndex((statement) => statement.includes(text)))).toEqual(
      order
        .map((text) => statements.findIndex((statement) => statement.includes(text)))
        .toSorted((a, b) => a - b),
    );
    expect(statements.filter((text) => order.filter((part) => text.includes(part)).length > 1)).toEqual([]);
    expect(
      await runSql(
        connection,
        `SELECT column_name, colocated FROM pg_dist_partition WHERE logicalrelid = 'ledger.later'::regclass`,
      ),
    ).toEqual([{ column_name: 'site_id', colocated: 'ledger.site_state' }]);
  });

  it('lets portals that start together declare their sites', async () => {
    const { ledger, open, connection } = await freshLedger([]);
    const other = await open();
    onTestFinished(async () => await other.close());
    const names = Array.from({ length: 50 }, (_, index) => `site ${index}`);
    await Promise.all([
      ledger.declareSites(sitesNamed(...names)),
      other.declareSites(sitesNamed(...names.toReversed())),
    ]);
    expect(await runSql(connection, 'SELECT count(*)::int AS n FROM ledger.site_state')).toEqual([{ n: 50 }]);
  });

  describe('its tables', () => {
    it('are all either in the script or on one node only', async () => {
      const { connection } = await freshLedger();
      const tables = await runSql<{ name: string }>(
        connection,
        `SELECT relname AS name FROM pg_class WHERE relnamespace = 'ledger'::regnamespace AND relkind IN ('r', 'p')`,
      );
      expect(tables.map(({ name }) => name).toSorted()).toEqual(
        [...distributedTables(), ...NOT_DISTRIBUTED].toSorted(),
      );
    });

    it('have the site in every primary key and unique index', async () => {
      const { connection } = await freshLedger();
      const indices = await runSql<{ name: string; columns: string[] }>(
        connection,
        `SELECT i.indexrelid::regclass::text AS name,
                ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)) AS columns
         FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
         WHERE t.relnamespace = 'ledger'::regnamespace AND i.indisunique AND t.relname = ANY ('{${distributedTables().join(',')}}')`,
      );
      expect(indices.length).toBeGreaterThanOrEqual(distributedTables().length);
      expect(indices.filter(({ columns }) => !columns.includes('site_id'))).toEqual([]);
    });

    it('refer only to rows of the same site or to tables that are on every node', async () => {
      const { connection } = await freshLedger();
      const keys = await foreignKeys(connection);
      expect(keys.length).toBeGreaterThan(5);
      const bad = keys.filter(({ table, target, pairs }) =>
        NOT_DISTRIBUTED.includes(target)
          ? distributedTables().includes(table) && target !== 'site'
          : NOT_DISTRIBUTED.includes(table) || !pairs.includes('site_id = site_id'),
      );
      expect(bad).toEqual([]);
    });
  });

  it('folds sweeps with statements that each name one site', async () => {
    const { connection } = await freshLedger();
    const statements: string[] = [];
    const database = storeOn(connection, (statement) => statements.push(statement));
    const everything = [
      sweep([reading(NOON, 0), reading(NOON, 0, { epoch: 'other', resource: 'mb' })]),
      sweep([reading(NOON + 3 * HOUR, HOUR, { projectName: 'renamed' })]),
      sweep([reading(NOON + 3 * HOUR, 9, { resource: 'mb' })], [{ reason: 'a', count: 1, example: '' }]),
    ];
    const siteId = await siteIdOf(database, 'a');
    const caps = { ...capsOfSite(), projects: 1 };
    for (const one of everything)
      await onLockedSite(database, siteId, one, async (trx, site) => {
        await admitSweep(trx, { ...site, caps }, one);
        await foldIntoSite(trx, site, one);
      });
    const late = sweep([reading(NOON + HOUR, 7 * MINUTE)]);
    await onLockedSite(database, siteId, late, async (trx, site) => await foldLateIntoSite(trx, site, late));
    const named = statements.filter((text) => distributedTables().some((table) => mentions(text, table)));
    expect(named.length).toBeGreaterThan(30);
    expect(named.filter((text) => !namesOneSite(text))).toEqual([]);
  });

  it('answers questions about a site with statements that each name it, and passes on the options of the planner', async () => {
    const { ledger, connection } = await freshLedger();
    await ledger.fold('a', sweep([reading(NOON, 0)]));
    const statements: string[] = [];
    const database = storeOn(connection, (statement) => statements.push(statement));
    const answers = answersOf(database, clockAt({ nowMs: NOON + HOUR }), DEFAULT_QUESTION_LIMITS);
    for (const step of ['hour', 'day', 'month', 'total'] as const)
      for (const by of [[], ['grant'], ['site', 'cloud', 'project', 'resource']] as const)
        await answers.usage(query({ step, by: new Set(by), site: 'a' }));
    await answers.projects({ scope: EVERYTHING, site: 'a', limit: 10 });
    await answers.coverage({ scope: EVERYTHING, site: 'a', fromMs: NOON, toMs: NOON + HOUR, limit: 10 });
    const named = statements.filter((text) => distributedTables().some((table) => mentions(text, table)));
    expect(named.length).toBeGreaterThan(30);
    expect(named.filter((text) => !namesOneSite(text))).toEqual([]);
    const options = statements.filter((text) => /enable_|work_mem|jit/.test(text));
    const before = options.map((text) => statements[statements.indexOf(text) - 1]);
    expect(options.filter((text) => !text.trim().startsWith('SET LOCAL '))).toEqual([]);
    expect(before[0]).toBe(`SET LOCAL citus.propagate_set_commands = 'local'`);
  });

  it('lets each node read its own meters for a question about all sites', async () => {
    const { connection } = await freshLedger();
    const statements: string[] = [];
    const database = storeOn(connection, (statement) => statements.push(statement));
    const answers = answersOf(database, clockAt({ nowMs: NOON + HOUR }), DEFAULT_QUESTION_LIMITS);
    for (const step of ['hour', 'day', 'month', 'total'] as const) await answers.usage(query({ step }));
    // Citus sends a part that is materialized, or used twice without this, to all nodes.
    const sums = statements.filter((text) => text.includes('sums AS ('));
    expect(sums.length).toBeGreaterThan(3);
    expect(sums.filter((text) => !text.includes('asked AS NOT MATERIALIZED'))).toEqual([]);
  });
});

interface ForeignKey {
  name: string;
  table: string;
  target: string;
  /** Columns of both tables, as `a = b`. */
  pairs: string[];
}

async function foreignKeys(connection: DatabaseConnection): Promise<ForeignKey[]> {
  return await runSql<ForeignKey>(
    connection,
    `SELECT c.conname::text AS name, t.relname::text AS "table", f.relname::text AS target,
            ARRAY(SELECT a.attname || ' = ' || b.attname
                  FROM unnest(c.conkey, c.confkey) AS k (one, other)
                  JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.one
                  JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = k.other) AS pairs
     FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class f ON f.oid = c.confrelid
     WHERE c.contype = 'f' AND c.connamespace = 'ledger'::regnamespace ORDER BY 2, 1`,
  );
}

function mentions(statement: string, table: string): boolean {
  return new RegExp(`\\bledger\\.${table}\\b`).test(statement);
}

/** Whether a parameter restricts the statement to rows of one site. */
function namesOneSite(statement: string): boolean {
  const text = statement.replaceAll(/\s+/g, ' ').trim();
  if (/^INSERT INTO ledger\.\w+( AS had)? \(site_id[^)]*\) SELECT \$1\b/.test(text)) return true;
  return /\bsite_id = \$\d+/.test(text);
}
