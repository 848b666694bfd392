import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { EmbeddedDatabase } from '../../src/portal/database/embedded/embedded-database.ts';
import { commandLineOf } from '../../src/portal/database/embedded/processes.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { eventually, startProgram, temporaryFolder, type Running } from '../support/processes.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = join(root, 'dist/cli/main.js');
const asRoot = process.getuid?.() === 0;

type Connection = { host: string; port: number; user: string; database: string };

async function ask<T extends object>(connection: Connection, question: string): Promise<T[]> {
  const client = new Client({ ...connection, ssl: false, password: '' });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query<T>(question)).rows;
  } finally {
    await client.end();
  }
}

function embedded(dataFolder: string) {
  const database = new EmbeddedDatabase({ dataFolder, logger: silentLogger() });
  onTestFinished(() => database.close());
  return {
    close: () => database.close(),
    start: async () => (await database.start()) as Connection,
  };
}

/** Starts another process that runs the database in this folder. */
function startHolder(dataFolder: string): Running {
  const holder = startProgram(
    process.execPath,
    ['--import', 'tsx', join(root, 'test/ledger/hold-database.ts'), dataFolder],
    { cwd: root },
  );
  onTestFinished(async () => void (await holder.stop()));
  return holder;
}

async function connectionOf(holder: Running): Promise<Connection> {
  const [, connection] = await holder.waitFor(/started (\{.*\})/);
  return JSON.parse(connection ?? '') as Connection;
}

async function serverPid(clusterFolder: string): Promise<number> {
  return Number((await readFile(join(clusterFolder, 'postmaster.pid'), 'utf8')).split('\n')[0]);
}

describe('the embedded database', () => {
  it('has after a restart the data that it had before', async () => {
    const folder = join(temporaryFolder(), 'data');
    const first = embedded(folder);
    await ask(await first.start(), 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.close();
    const second = embedded(folder);
    expect(await ask(await second.start(), 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  it('listens on a socket that no other account can open, writes through to the disk, and stores UTF-8', async () => {
    const connection = await embedded(temporaryFolder()).start();
    const settings = await ask(
      connection,
      `SELECT name, setting FROM pg_settings
       WHERE name IN ('listen_addresses', 'fsync', 'full_page_writes', 'server_encoding', 'unix_socket_permissions')
       ORDER BY name`,
    );
    expect(settings).toEqual([
      { name: 'fsync', setting: 'on' },
      { name: 'full_page_writes', setting: 'on' },
      { name: 'listen_addresses', setting: '' },
      { name: 'server_encoding', setting: 'UTF8' },
      { name: 'unix_socket_permissions', setting: '0700' },
    ]);
  });

  it('leaves no process and no socket behind when it is closed, and may be closed twice', async () => {
    const folder = temporaryFolder();
    const database = embedded(folder);
    const { host } = await database.start();
    const pid = await serverPid(join(folder, 'postgresql'));
    await database.close();
    await database.close();
    expect(await commandLineOf(pid)).toBeUndefined();
    await expect(readdir(host)).rejects.toThrow('ENOENT');
  });

  it('starts again after its process was killed, with everything that was committed', async () => {
    const folder = temporaryFolder();
    const holder = startHolder(folder);
    const before = await connectionOf(holder);
    await ask(before, 'CREATE TABLE kept AS SELECT 42 AS answer');
    const pid = await serverPid(join(folder, 'postgresql'));
    await holder.stop('SIGKILL');
    expect(await commandLineOf(pid)).toContain('postgres');
    const after = await embedded(folder).start();
    expect(await ask(after, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    expect(await commandLineOf(pid)).toBeUndefined();
    await expect(readdir(before.host)).rejects.toThrow('ENOENT');
  });

  it('starts again after its process and its server were killed', async () => {
    const folder = temporaryFolder();
    const holder = startHolder(folder);
    await ask(await connectionOf(holder), 'CREATE TABLE kept AS SELECT 42 AS answer');
    await holder.stop('SIGKILL');
    process.kill(await serverPid(join(folder, 'postgresql')), 'SIGKILL');
    const after = await embedded(folder).start();
    expect(await ask(after, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  it('comes back on the same socket if its server is killed', async () => {
    const folder = temporaryFolder();
    const connection = await embedded(folder).start();
    const pid = await serverPid(join(folder, 'postgresql'));
    process.kill(pid, 'SIGKILL');
    const answer = await eventually(async () => {
      const rows = await ask(connection, 'SELECT 1 AS one');
      return (await serverPid(join(folder, 'postgresql'))) === pid ? undefined : rows;
    });
    expect(answer).toEqual([{ one: 1 }]);
  });

  it('does not share a folder with another running process, and names that process', async () => {
    const folder = temporaryFolder();
    const connection = await connectionOf(startHolder(folder));
    await expect(embedded(folder).start()).rejects.toThrow(
      /^the data folder .* is in use by another stackmeter, process \d+: stop it, or name another data folder$/,
    );
    expect(await ask(connection, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('lets exactly one of two simultaneous first starts succeed', async () => {
    const folder = temporaryFolder();
    const starts = [embedded(folder), embedded(folder)].map((database) => database.start());
    const outcomes = (await Promise.allSettled(starts)).map(({ status }) => status);
    expect(outcomes.sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('removes the files of a first start that was killed', async () => {
    const folder = temporaryFolder();
    // No process has this id: process ids end at 2^22.
    await mkdir(join(folder, 'postgresql.4194305-abcdef.new'));
    await embedded(folder).start();
    expect(await readdir(folder)).toEqual(['postgresql']);
  });

  it('refuses a database of another PostgreSQL version in one line', async () => {
    const folder = temporaryFolder();
    await mkdir(join(folder, 'postgresql'));
    await writeFile(join(folder, 'postgresql', 'PG_VERSION'), '9\n');
    await expect(embedded(folder).start()).rejects.toThrow(
      /^the database in .* belongs to PostgreSQL 9, and this program has \d+: /,
    );
  });
});

describe.runIf(asRoot)('the embedded database of root', () => {
  it('starts, and starts again after a kill, in a folder that its account cannot enter', async () => {
    const folder = join(temporaryFolder(), 'data');
    await chmod(dirname(folder), 0o700);
    const holder = startHolder(folder);
    await ask(await connectionOf(holder), 'CREATE TABLE kept AS SELECT 42 AS answer');
    await holder.stop('SIGKILL');
    const connection = await embedded(folder).start();
    expect(await ask(connection, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    expect((await stat(join(folder, 'postgresql'))).uid).not.toBe(0);
  });

  it('says what to do under a user id without an account, such as OpenShift assigns', async () => {
    const folder = temporaryFolder();
    await chmod(folder, 0o777);
    const portal = [program, 'portal', '--listen', '127.0.0.1:0', '--data', join(folder, 'data')];
    const unknown = ['--reuid=12345', '--regid=0', '--clear-groups', process.execPath, ...portal];
    const started = startProgram('setpriv', unknown, { cwd: folder });
    onTestFinished(async () => void (await started.stop()));
    expect([await started.exited, started.output()]).toEqual([
      1,
      expect.stringMatching(/^stackmeter: .*user ID 12345.*: set DATABASE_URL, start under a user .*\n$/),
    ]);
  });
});
