import { EVERYTHING } from '../../src/portal/access/rights/scope.ts';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DatabaseConnection } from '../../src/portal/database/connection.ts';
import { reading } from './in-memory-book.ts';
import type { Ledger } from '../../src/portal/ledger/ledger.ts';
import { openDatabase } from '../../src/portal/database/database.ts';
import { openLedger } from '../../src/portal/ledger/store/open-ledger.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import {
  clockAt,
  columns,
  foldAll,
  HOUR,
  MINUTE,
  NOON,
  onEveryPostgresql,
  query,
  sitesNamed,
  sweep,
  type LedgerFixture,
} from './fixture.ts';
import { describeWith } from '../support/describe-with.ts';
import {
  installedPostgresql,
  otherDatabase,
  reach,
  runSql,
  type TestServer,
} from '../support/postgresql-server.ts';

/** An edited export that lacks the rows of projects, with the right number of rows and without a checksum. */
function withoutProjects(text: string): string {
  const [, rows = ''] = /\{"table":"project"\}\n((?!\{"table")[^]*?)(?=\{"table")/.exec(text) ?? [];
  const left = (count: string) => `${Number(count) - rows.split('\n').length + 1}`;
  return text
    .replace(rows, '')
    .replace(/(?<="rows":)\d+/, left)
    .replace(/,"sha256":"\w+"/, '');
}

onEveryPostgresql('moving a ledger', (freshLedger) => {
  /** Makes a ledger with two sites and rows in every table. */
  async function filledLedger(): Promise<LedgerFixture> {
    const fixture = await freshLedger(['a', 'b']);
    const { ledger, time } = fixture;
    const huge = 2n ** 70n;
    await foldAll(ledger, 'b', reading(NOON, huge), reading(NOON + 5 * HOUR, huge + 7n));
    await foldAll(
      ledger,
      'a',
      reading(NOON, 0),
      reading(NOON + 9 * HOUR, 9 * HOUR),
      reading(NOON + 10 * HOUR, 3),
    );
    await ledger.foldLate('a', [sweep([reading(NOON + 4 * HOUR, 5 * HOUR)])]);
    time.nowMs = NOON + 72 * HOUR;
    await ledger.maintain();
    const odd = { projectId: 'p2', projectName: 'Größe "\\"\n\u2028', cloud: 'west', epoch: 'w' };
    const refusals = [{ reason: 'not a number', count: 2, example: 'x' }];
    await ledger.fold('a', sweep([reading(NOON + 71 * HOUR, 5, odd)], refusals));
    await ledger.fold('a', sweep([reading(NOON + 71 * HOUR + MINUTE, 50, odd)]));
    const servers = { flavor: 'm1.small/1/2048/20/?/?/a100=1', state: 'active' };
    const ofServers = reading(NOON + 72 * HOUR + MINUTE, 7, { ...odd, resource: 'server', servers });
    await ledger.fold('a', sweep([reading(NOON + 72 * HOUR + MINUTE, 60, odd), ofServers]));
    await runSql(fixture.connection, ACCOUNTS);
    return fixture;
  }

  describe('an export', () => {
    it('makes an empty ledger equal to the exported one, and new readings continue there', async () => {
      const { ledger, connection } = await filledLedger();
      const text = await exported(ledger);
      const { ledger: other, time, connection: elsewhere } = await freshLedger([]);
      time.nowMs = NOON + 72 * HOUR;
      expect(await other.importLines(lines(text))).toBe(
        text
          .trimEnd()
          .split('\n')
          .filter((line) => !/^.("table|"end|"format)/.test(line)).length,
      );
      expect((await exported(other)).split('\n').toSorted()).toEqual(text.split('\n').toSorted());
      for (const table of await tablesOf(connection))
        expect([table, await isEmpty(elsewhere, table)]).toEqual([table, false]);
      expect(await other.usage(query())).toEqual(await ledger.usage(query()));
      expect(await other.verify()).toEqual([]);
      expect(await runSql(elsewhere, NEXT_CHANGE)).toEqual([{ id: '3' }]);
      await other.declareSites(sitesNamed('a', 'b', 'c'));
      await foldAll(other, 'c', reading(NOON, 0), reading(NOON + HOUR, 5));
      await foldAll(
        other,
        'a',
        reading(NOON + 11 * HOUR, 4),
        reading(NOON + 72 * HOUR, 5, { projectId: 'p3' }),
      );
      expect(await other.verify()).toEqual([]);
    });

    it('is imported whole or not at all, and only into an empty ledger', async () => {
      const { ledger } = await filledLedger();
      const text = await exported(ledger);
      const { ledger: other, connection } = await freshLedger([]);
      const cut = text.trimEnd().split('\n').slice(0, -1).join('\n');
      await expect(other.importLines(lines(cut))).rejects.toThrow(
        /the end is missing.*nothing was imported$/,
      );
      const fewer = text.replace(/\{"table":"refusal"\}\n.*\n/, '{"table":"refusal"}\n');
      await expect(other.importLines(lines(fewer))).rejects.toThrow(/rows are missing/);
      await expect(other.importLines(lines('not an export'))).rejects.toThrow(/^line 1 of the import/);
      await expect(other.importLines(lines(text.replace(/"schema":\d+/, '"schema":999')))).rejects.toThrow(
        /the export has schema 999/,
      );
      const digit = text.replace(/"opening": 118/, '"opening": 119');
      await expect(other.importLines(lines(digit))).rejects.toThrow(/its checksum does not match/);
      await expect(other.importLines(lines(withoutProjects(text)))).rejects.toThrow(
        /^the export is not whole: a has \d+ rows of ledger\.meter without project; nothing was imported$/,
      );
      expect(await runSql(connection, 'SELECT count(*)::int AS n FROM ledger.site')).toEqual([{ n: 0 }]);
      await expect(ledger.importLines(lines(text))).rejects.toThrow(/the ledger is not empty/);
    });

    it('does not replace accounts, even if the ledger has no site yet', async () => {
      const { ledger } = await filledLedger();
      const older = (await exported(ledger)).replace(/"schema":\d+/, '"schema":14');
      const { ledger: other, connection } = await freshLedger([]);
      await runSql(connection, ACCOUNTS);
      await expect(other.importLines(lines(older))).rejects.toThrow(/the ledger is not empty/);
      expect(await runSql(connection, 'SELECT count(*)::int AS n FROM ledger.account_record')).toEqual([
        { n: 2 },
      ]);
    });
  });

  it.each([
    `UPDATE ledger.account_record SET document = NULL`,
    `DELETE FROM ledger.account_record WHERE version = 1`,
    `TRUNCATE ledger.account_record`,
    `UPDATE ledger.account_change SET author = 'another'`,
    `DELETE FROM ledger.account_change WHERE change_id = 2`,
  ])('keeps the history of accounts: %s is refused', async (statement) => {
    const { connection } = await freshLedger([]);
    await runSql(connection, ACCOUNTS);
    await expect(runSql(connection, statement)).rejects.toThrow(/rows of ledger.* never change/);
  });
});

/** Two versions of a grant, and a person. */
const ACCOUNTS = `
  INSERT INTO ledger.account_change (at_ms, author, origin) VALUES (1, 'operator', 'apply'), (2, 'operator', 'api');
  INSERT INTO ledger.account_record (kind, name, version, change_id, document)
  VALUES ('grant', 'climate', 1, 1, '{"name": "climate", "allowances": [{"amount": "0.10"}]}'), ('grant', 'climate', 2, 2, NULL);
  INSERT INTO ledger.person (id, name, mail) VALUES ('p-1', 'Größe', 'someone@example.org')`;

const NEXT_CHANGE = `
  INSERT INTO ledger.account_change (at_ms, author, origin) VALUES (3, 'operator', 'api') RETURNING change_id::text AS id`;

async function exported(ledger: Ledger): Promise<string> {
  let text = '';
  for await (const piece of ledger.exportLines()) text += piece;
  return text;
}

async function* lines(text: string): AsyncGenerator<string> {
  yield* text.trimEnd().split('\n');
}

describeWith(['postgresql'], 'a backup', ({ postgresql }) => {
  let folder: string;
  let server: TestServer;
  let connection: DatabaseConnection;
  const run = async (program: string, ...args: string[]) =>
    await promisify(execFile)(join(postgresql, program), args);
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'stackmeter-test-'));
    server = installedPostgresql(postgresql, join(folder, 'data'));
    connection = await server.start();
  });
  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('by pg_dump is restored by pg_restore, and new readings continue there', async () => {
    const clock = clockAt({ nowMs: NOON });
    const logger = silentLogger();
    const ledger = await openLedger({ database: await openDatabase(connection, logger), clock, logger });
    await ledger.declareSites(sitesNamed('a'));
    await foldAll(ledger, 'a', reading(NOON, 5), reading(NOON + 9 * HOUR, 9 * HOUR));
    const dump = join(folder, 'ledger.dump');
    await run('pg_dump', '-Fc', '-f', dump, ...reach(connection));
    await foldAll(ledger, 'a', reading(NOON + 10 * HOUR, 99 * HOUR));
    await ledger.close();

    await runSql(connection, 'CREATE DATABASE restored');
    const elsewhere = otherDatabase(connection, 'restored');
    await run('pg_restore', '--exit-on-error', ...reach(elsewhere), dump);
    const restored = await openLedger({ database: await openDatabase(elsewhere, logger), clock, logger });
    expect((await restored.sites({ scope: EVERYTHING }))[0]?.lastReadingMs).toBe(NOON + 9 * HOUR);
    await foldAll(restored, 'a', reading(NOON + 10 * HOUR, 10 * HOUR));
    expect(await restored.verify()).toEqual([]);
    const total = await restored.usage(query({ step: 'total' }));
    expect(columns(total.data, 'amount')).toEqual([[10 - 5 / HOUR]]);
    await restored.close();
  });
});

/** The tables without a place in an export: leases of portals, and who may sign in with which secret. */
const STAYS = new Set([
  'portal',
  'lease',
  'person_identity',
  'api_token',
  'session',
  'sign_in',
  'invitation',
  'audit',
]);

async function tablesOf(connection: DatabaseConnection): Promise<string[]> {
  const rows = await runSql<{ name: string }>(
    connection,
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'ledger' AND table_type = 'BASE TABLE'`,
  );
  return rows.map(({ name }) => name).filter((name) => !STAYS.has(name));
}

async function isEmpty(connection: DatabaseConnection, table: string): Promise<boolean> {
  return (await runSql(connection, `SELECT FROM ledger.${table} LIMIT 1`)).length === 0;
}
