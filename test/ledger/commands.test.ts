import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { DatabaseConnection } from '../../src/portal/database/connection.ts';
import { EmbeddedDatabase } from '../../src/portal/database/embedded/embedded-database.ts';
import { reading } from './in-memory-book.ts';
import { openLedger } from '../../src/portal/ledger/store/open-ledger.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { totalUsage } from '../support/api-client.ts';
import { describeWith } from '../support/describe-with.ts';
import { startFakeGate, TEXT_FORMAT, usageLine } from '../portal/fake-gate.ts';
import { clockAt, foldAll, HOUR, NOON, sitesNamed } from './fixture.ts';
import { startPortalIn, stackmeter } from '../support/portal-under-test.ts';
import { installedPostgresql, otherDatabase, runSql, urlOf } from '../support/postgresql-server.ts';
import { eventually, temporaryFolder } from '../support/processes.ts';
import { openDatabase } from '../../src/portal/database/database.ts';

const AGREES = 'every meter agrees with its entries\n';
const LEFT_OUT =
  'not in the export: sessions, tokens and the audit, requests of remote write that are not counted yet, and the leases of running portals\n';

const NOT_IN_BACKUP = 'not in the backup: sessions of browsers, and the leases of running portals\n';

/** Fills a ledger with two sites that have entries, packed days, a gap and a correction, up to `lastMs`. */
async function fillLedger(connection: DatabaseConnection, lastMs = NOON + 72 * HOUR): Promise<void> {
  const clock = clockAt({ nowMs: lastMs });
  const ledger = await openLedger({
    database: await openDatabase(connection, silentLogger()),
    clock,
    logger: silentLogger(),
  });
  await ledger.declareSites(sitesNamed('a', 'b'));
  const firstMs = lastMs - 72 * HOUR;
  const total = (atMs: number, amount: number | bigint) => reading(atMs, amount, { epoch: '' });
  await foldAll(ledger, 'b', total(firstMs, 2n ** 70n), total(firstMs + 5 * HOUR, 2n ** 70n + 7n));
  await foldAll(
    ledger,
    'a',
    total(firstMs, 0),
    total(firstMs + 9 * HOUR, 9 * HOUR),
    total(firstMs + 10 * HOUR, 3),
    total(lastMs, 30 * HOUR),
  );
  await ledger.maintain();
  await ledger.close();
}

/** Runs `stackmeter portal ledger NAME` as a process to its end. */
async function ledgerCommand(
  name: 'verify' | 'export' | 'import' | 'backup' | 'restore',
  place: string | { databaseUrl: string },
  files: { stdin?: string; stdout?: string } = {},
  more: readonly string[] = [],
): Promise<[code: number | null, output: string]> {
  const args = [...more, ...(typeof place === 'string' ? ['--data', place] : [])];
  const env: Record<string, string> = typeof place === 'string' ? {} : { DATABASE_URL: place.databaseUrl };
  const running = stackmeter(['portal', 'ledger', name, ...args], env, files);
  return [await running.exited, running.output()];
}

/** Rows of the tables that only a backup has. */
const OF_BACKUP = `
  INSERT INTO ledger.person (id, name) VALUES ('p-1', 'Größe');
  INSERT INTO ledger.person_identity VALUES ('https://idp.example', 's-1', 'p-1', '{}', 1);
  INSERT INTO ledger.api_token (hash, name, owner_kind, owner, roles, created_ms, created_by)
  VALUES (sha256('token'), 'report', 'person', 'p-1', '[]', 1, 'p-1');
  INSERT INTO ledger.session (hash, iss, sub, refresh_token, created_ms, used_ms)
  VALUES (sha256('cookie'), 'https://idp.example', 's-1', 'a secret', 1, 1);
  INSERT INTO ledger.invitation VALUES (sha256('link'), 'p-1', 1);
  INSERT INTO ledger.audit (at_ms, who, what, object, outcome) VALUES (1, 'p-1', 'sign in', 'idp', 'done');
  INSERT INTO remote_write.set_aside VALUES (1, 'a', '{}', 1, '\\x00ff', 'an example', 1);
  INSERT INTO remote_write.fact VALUES ('a', '\\x01', 1, 1, 'e', ${Date.UTC(2100, 0, 1)})`;

function linesOfBackup(file: string): string[] {
  return gunzipSync(readFileSync(file))
    .toString()
    .split('\n')
    .filter((line) => !line.startsWith('{"end"'))
    .toSorted();
}

function sortedLines(file: string): string[] {
  return readFileSync(file, 'utf8').split('\n').toSorted();
}

describe('the commands for a ledger in the embedded database', () => {
  async function withDatabase(
    dataFolder: string,
    work: (connection: DatabaseConnection) => Promise<unknown>,
  ): Promise<void> {
    const database = new EmbeddedDatabase({ dataFolder, logger: silentLogger() });
    try {
      await work(await database.start());
    } finally {
      await database.close();
    }
  }

  it('export it and import it into an empty ledger, which is then equal', async () => {
    const folder = temporaryFolder();
    const [data, other] = [join(folder, 'data'), join(folder, 'other')];
    const [file, again] = [join(folder, 'ledger.ndjson'), join(folder, 'again.ndjson')];
    await withDatabase(data, fillLedger);
    expect(await ledgerCommand('verify', data)).toEqual([0, AGREES]);
    expect(await ledgerCommand('export', data, { stdout: file })).toEqual([0, LEFT_OUT]);
    const rows = /"end": ?true, ?"rows": ?(\d+)/.exec(readFileSync(file, 'utf8'))?.[1];
    expect(await ledgerCommand('import', other, { stdin: file })).toEqual([
      0,
      `${rows} rows imported\n${AGREES}`,
    ]);
    expect(await ledgerCommand('export', other, { stdout: again })).toEqual([0, LEFT_OUT]);
    expect(sortedLines(again)).toEqual(sortedLines(file));
    expect(await ledgerCommand('import', other, { stdin: file })).toEqual([
      1,
      'stackmeter: the ledger is not empty: import into a new one, with --data or DATABASE_URL\n',
    ]);
    expect(await ledgerCommand('verify', other)).toEqual([0, AGREES]);
  });

  it('do not take a folder without a database for an empty ledger', async () => {
    const folder = join(temporaryFolder(), 'other');
    const refusal = `stackmeter: ${folder} has no database of a portal: name its data folder with --data, or its portal.toml with --config\n`;
    expect(await ledgerCommand('verify', folder)).toEqual([1, refusal]);
    expect(await ledgerCommand('export', folder)).toEqual([1, refusal]);
    const backup = join(temporaryFolder(), 'ledger.backup');
    expect(await ledgerCommand('backup', folder, {}, [backup])).toEqual([1, refusal]);
    expect([existsSync(folder), existsSync(backup)]).toEqual([false, false]);
  });

  it('back it up while its portal runs, try the backup, and restore it', async () => {
    const folder = temporaryFolder();
    const [data, other, file] = [join(folder, 'data'), join(folder, 'other'), join(folder, 'ledger.backup')];
    await withDatabase(data, async (connection) => {
      await fillLedger(connection);
      await runSql(connection, OF_BACKUP);
    });
    writeFileSync(join(folder, 'portal.toml'), '');
    const { process } = await startPortalIn(folder);
    const [code, output] = await ledgerCommand('backup', data, {}, [file]);
    expect([code, output.replace(/\d+ rows in \d+/, 'N rows in N')]).toEqual([
      0,
      `${file}: N rows in N bytes\n${NOT_IN_BACKUP}`,
    ]);
    await process.stop();
    const rows = /(\d+) rows/.exec(output)?.[1];
    expect(linesOfBackup(file)).toEqual(
      expect.arrayContaining([expect.stringContaining('"name": "report"')]),
    );

    const ready = `${rows} rows restored\n${AGREES}ready: ${file} can be restored\n`;
    expect(await ledgerCommand('restore', other, {}, ['--dry-run', file])).toEqual([0, ready]);
    expect(await ledgerCommand('restore', other, {}, [file])).toEqual([
      0,
      `${rows} rows restored\n${AGREES}`,
    ]);
    const again = `${file}.again`;
    expect((await ledgerCommand('backup', other, {}, [again]))[0]).toBe(0);
    expect(linesOfBackup(again)).toEqual(linesOfBackup(file));
    expect(await ledgerCommand('restore', other, {}, [file])).toEqual([
      1,
      'stackmeter: the ledger is not empty: import into a new one, with --data or DATABASE_URL\n',
    ]);
  });

  it('verify each meter, and name the meter and the rows that somebody tampered with', async () => {
    const data = join(temporaryFolder(), 'data');
    await withDatabase(data, async (connection) => {
      await fillLedger(connection);
      await runSql(
        connection,
        `UPDATE ledger.meter SET last_total = last_total + ${2 * HOUR}
         WHERE site_id = (SELECT site_id FROM ledger.site WHERE name = 'a')`,
      );
      await runSql(
        connection,
        `DELETE FROM ledger.epoch WHERE site_id = (SELECT site_id FROM ledger.site WHERE name = 'a')`,
      );
    });
    expect(await ledgerCommand('verify', data)).toEqual([
      1,
      'a has 1 row of ledger.meter without epoch\na p1 vcpu: entries differ from the total by -2 hours\n1 of the meters does not agree with their entries\n',
    ]);
  });
});

describeWith(
  ['postgresql'],
  'the commands for a ledger in a PostgreSQL that runs already',
  ({ postgresql }) => {
    /** Starts a server, which ends with the test; the returned function makes a database on it. */
    async function startServer(folder: string) {
      const server = installedPostgresql(postgresql, join(folder, 'server'));
      onTestFinished(async () => await server.close());
      const base = await server.start();
      return async (name: string) => {
        await runSql(base, `CREATE DATABASE ${name}`);
        const connection = otherDatabase(base, name);
        return { connection, databaseUrl: urlOf(connection) };
      };
    }

    it('import a file whole or not at all, and name the line with an error', async () => {
      const folder = temporaryFolder();
      const makeDatabase = await startServer(folder);
      const full = await makeDatabase('full_one');
      const empty = await makeDatabase('empty_one');
      await fillLedger(full.connection);
      const file = join(folder, 'ledger.ndjson');
      expect(await ledgerCommand('export', full, { stdout: file })).toEqual([0, LEFT_OUT]);
      const text = readFileSync(file, 'utf8');
      const lines = text.trimEnd().split('\n');
      const meterAt = lines.indexOf('{"table":"meter"}') + 1;
      const wrong = (change: (lines: string[]) => string[]) => change([...lines]).join('\n');
      const refused: [string, RegExp][] = [
        [
          wrong((all) => all.slice(0, -1)),
          new RegExp(`^stackmeter: line ${lines.length - 1} of the import: the end is missing`),
        ],
        [text.slice(0, text.length / 2), /^stackmeter: line \d+ of the import: /],
        [
          wrong((all) => all.with(meterAt, '{"site_id": 1, "opening":')),
          /^stackmeter: line \d+ of the import: the database refuses rows of meter: invalid input syntax/,
        ],
        [wrong((all) => all.toSpliced(meterAt, 1)), /^stackmeter: line \d+ of the import: /],
        [
          wrong((all) => all.with(meterAt - 1, '{"table":"pg_authid"}')),
          /^stackmeter: line \d+ of the import: this is no line of an export/,
        ],
        ['', /^stackmeter: line 0 of the import: the end is missing/],
        [
          text.replace(/"opening": 118/, '"opening": 119'),
          /^stackmeter: line \d+ .*its checksum does not match/,
        ],
      ];
      for (const [content, reason] of refused) {
        writeFileSync(file, content);
        const [code, output] = await ledgerCommand('import', empty, { stdin: file });
        expect([code, output]).toEqual([1, expect.stringMatching(reason)]);
        expect(output).toMatch(/; nothing was imported\n$/);
        expect(output.split('\n')).toHaveLength(2);
      }
      expect(
        await runSql(empty.connection, 'SELECT FROM ledger.site UNION ALL SELECT FROM ledger.resource'),
      ).toEqual([]);
      writeFileSync(file, text);
      expect(await ledgerCommand('import', empty, { stdin: file })).toEqual([
        0,
        expect.stringMatching(new RegExp(`^\\d+ rows imported\n${AGREES}$`)),
      ]);
    });

    it('import a file without a checksum, and warn of that', async () => {
      const folder = temporaryFolder();
      const makeDatabase = await startServer(folder);
      const [full, empty] = [await makeDatabase('full_one'), await makeDatabase('empty_one')];
      await fillLedger(full.connection);
      const file = join(folder, 'ledger.ndjson');
      await ledgerCommand('export', full, { stdout: file });
      writeFileSync(file, readFileSync(file, 'utf8').replace(/,"sha256":"[^"]+"/, ''));
      const [code, output] = await ledgerCommand('import', empty, { stdin: file });
      expect(code).toBe(0);
      expect(output).toMatch(/"the import has no checksum, [^"]+"/);
      expect(output).toMatch(new RegExp(`\\d+ rows imported\n${AGREES}`));
    });

    it('back up no ledger of another schema, and do not migrate it', async () => {
      const folder = temporaryFolder();
      const makeDatabase = await startServer(folder);
      const database = await makeDatabase('earlier');
      const file = join(folder, 'ledger.backup');
      expect(await ledgerCommand('backup', database, {}, [file])).toEqual([
        1,
        'stackmeter: there is no ledger in the database\n',
      ]);
      await fillLedger(database.connection);
      await runSql(database.connection, 'DELETE FROM ledger.migration WHERE id >= 18');
      expect(await ledgerCommand('backup', database, {}, [file])).toEqual([
        1,
        expect.stringMatching(
          /^stackmeter: the ledger in the database has schema 17, and this program \d+: use .*\n$/,
        ),
      ]);
    });

    it('refuse a ledger of a newer version, in one line', async () => {
      const makeDatabase = await startServer(temporaryFolder());
      const database = await makeDatabase('newer');
      await fillLedger(database.connection);
      await runSql(
        database.connection,
        `INSERT INTO ledger.migration (id, name) VALUES (999, 'of the future')`,
      );
      expect(await ledgerCommand('verify', database)).toEqual([
        1,
        expect.stringMatching(
          /^stackmeter: the ledger in the database was written by a newer stackmeter .*\n$/,
        ),
      ]);
    });

    it('verify a ledger that pg_dump and pg_restore copied, and a portal continues with it', async () => {
      const folder = temporaryFolder();
      const makeDatabase = await startServer(folder);
      const before = await makeDatabase('before');
      const restored = await makeDatabase('restored');
      const lastMs = Math.floor(Date.now() / HOUR) * HOUR - 3 * HOUR;
      await fillLedger(before.connection, lastMs);
      const run = async (program: string, ...args: string[]) =>
        await promisify(execFile)(join(postgresql, program), args);
      const dump = join(folder, 'ledger.dump');
      await run('pg_dump', '-Fc', '-f', dump, before.databaseUrl);
      await run('pg_restore', '--exit-on-error', '-d', restored.databaseUrl, dump);
      expect(await ledgerCommand('verify', restored)).toEqual([0, AGREES]);
      const files = [join(folder, '1.ndjson'), join(folder, '2.ndjson')] as const;
      await ledgerCommand('export', before, { stdout: files[0] });
      await ledgerCommand('export', restored, { stdout: files[1] });
      expect(sortedLines(files[1])).toEqual(sortedLines(files[0]));

      const gate = await startFakeGate((_request, response) => {
        response.writeHead(200, TEXT_FORMAT).end(usageLine('p1', 42, lastMs + 2 * HOUR));
      });
      writeFileSync(join(folder, 'token'), 'a-token\n');
      writeFileSync(
        join(folder, 'portal.toml'),
        `[[site]]\nname = "a"\nurl = "${gate}"\ntoken_file = "token"\n`,
      );
      const { process, url } = await startPortalIn(folder, '127.0.0.1:0', {
        DATABASE_URL: restored.databaseUrl,
      });
      const amount = await eventually(async () => {
        const rows = await totalUsage(url, lastMs, lastMs + 3 * HOUR);
        return rows.find(({ site, resource }) => site === 'a' && resource === 'vcpu')?.amount;
      });
      expect(amount).toBe(42 - 30);
      await process.stop();
      expect(await ledgerCommand('verify', restored)).toEqual([0, AGREES]);
    });
  },
);
