import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { DatabaseConnection } from '../../src/portal/database/connection.ts';
import { reading } from './in-memory-book.ts';
import { DEFAULT_RULES } from '../../src/portal/ledger/accounting/meters/meter.ts';
import { capsOfSite } from '../../src/portal/ledger/accounting/sites/site-caps.ts';
import { admitSweep } from '../../src/portal/ledger/store/sweeps/admit-sweep.ts';
import { foldLateIntoStore } from '../../src/portal/ledger/store/sweeps/fold-late.ts';
import { foldIntoStore } from '../../src/portal/ledger/store/sweeps/fold-sweep.ts';
import { HOUR, MINUTE, NOON, onEveryPostgresql, storeOn, sweep } from './fixture.ts';
import { runSql } from '../support/postgresql-server.ts';

/** Tables that are on every node, or only on the coordinator. */
const NOT_DISTRIBUTED = ['site', 'portal', 'lease', 'migration'];

/** The distributed tables, in the order of docs/scaling.md. */
function distributedTables(): string[] {
  const text = readFileSync(new URL('../../docs/scaling.md', import.meta.url), 'utf8');
  const [, rest = ''] = /colocate_with => 'ledger\.site_state':\n\s*-- ([a-z_, ]+)\n/.exec(text) ?? [];
  return ['site_state', ...rest.split(', ')];
}

/** The rules of a Citus that distributes tables by `site_id`, checked with PostgreSQL's catalogue. */
onEveryPostgresql('a ledger that is distributed by site', (freshLedger) => {
  describe('its tables', () => {
    it('are those that docs/scaling.md names, each after the tables that it refers to', async () => {
      const { connection } = await freshLedger();
      const tables = await runSql<{ name: string }>(
        connection,
        `SELECT relname AS name FROM pg_class WHERE relnamespace = 'ledger'::regnamespace AND relkind IN ('r', 'p')`,
      );
      const distributed = distributedTables();
      expect(tables.map(({ name }) => name).toSorted()).toEqual(
        [...distributed, ...NOT_DISTRIBUTED].toSorted(),
      );
      const keys = await foreignKeys(connection);
      const early = keys.filter(
        ({ table, target }) => distributed.indexOf(table) < distributed.indexOf(target),
      );
      expect(early).toEqual([]);
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
    for (const one of everything) {
      await admitSweep(database, 'a', one, { ...capsOfSite(), projects: 1 });
      await foldIntoStore(database, 'a', one, DEFAULT_RULES);
    }
    await foldLateIntoStore(database, 'a', [sweep([reading(NOON + HOUR, 7 * MINUTE)])], DEFAULT_RULES);
    const named = statements.filter((text) => distributedTables().some((table) => mentions(text, table)));
    expect(named.length).toBeGreaterThan(30);
    expect(named.filter((text) => !namesOneSite(text))).toEqual([]);
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
     WHERE c.contype = 'f' AND c.connamespace = 'ledger'::regnamespace`,
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
