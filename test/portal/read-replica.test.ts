import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { Client } from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../../src/portal/database/database.ts';
import { openLedger } from '../../src/portal/ledger/store/open-ledger.ts';
import { createPortal } from '../../src/portal/portal.ts';
import { readPortalConfig } from '../../src/portal/settings/settings.ts';
import { useAccess, type AccessCommands } from '../../src/portal/use-access.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { formatAddress } from '../../src/runtime/http/listen.ts';
import { createLogger, silentLogger } from '../../src/runtime/logger.ts';
import { clockAt, HOUR, NOON, sitesNamed, sweep } from '../ledger/fixture.ts';
import { reading } from '../ledger/in-memory-book.ts';
import { describeWith } from '../support/describe-with.ts';
import { runSql } from '../support/postgresql-server.ts';
import { makeCluster, makeReplica, startServer, tcpUrl } from '../support/postgresql-over-tcp.ts';
import { eventually, freePort, temporaryFolder } from '../support/processes.ts';

const USAGE = '/api/v1/usage?from=2026-01-31&to=2026-02-01';
const QUESTIONS = [
  '/api/v1/sites',
  '/api/v1/projects',
  '/api/v1/grants',
  '/api/v1/coverage?from=2026-01-31',
].concat(USAGE, `${USAGE}&format=csv`);

/** A primary with a ledger, and a replica that follows it. */
async function startServers(bin: string) {
  const folder = temporaryFolder();
  const [port, replicaPort] = [await freePort(), await freePort()];
  await startServer(bin, makeCluster(bin, folder), port);
  const primary = { connectionString: tcpUrl(port) };
  const replica = { connectionString: tcpUrl(replicaPort) };
  const ledger = await openLedger({
    database: await openDatabase(primary, silentLogger()),
    clock: clockAt({ nowMs: NOON }),
    logger: silentLogger(),
  });
  onTestFinished(async () => await ledger.close());
  await ledger.declareSites(sitesNamed('a'));
  let hours = 0;
  /** Uses one vCPU for one more hour. */
  const use = async () => {
    await ledger.fold('a', sweep([reading(NOON - 6 * HOUR + hours * HOUR, hours * HOUR)]));
    hours += 1;
  };
  await use();
  const cluster = makeReplica(bin, folder, port);
  const startReplica = async () => await startServer(bin, cluster, replicaPort);
  return { folder, port, replicaPort, primary, replica, use, startReplica };
}

/** A portal with `[access]` on these servers, in this process. Its clock can be moved. */
async function startPortal(folder: string, port: number, replicaPort: number) {
  const configFile = join(folder, 'portal.toml');
  writeFileSync(configFile, '[access]\n');
  const data = join(folder, 'data');
  mkdirSync(data, { recursive: true });
  const env = { DATABASE_URL: tcpUrl(port), DATABASE_READ_URL: tcpUrl(replicaPort) };
  const config = readPortalConfig({ flags: { listen: '127.0.0.1:0', data }, env, configFile });
  const log = new PassThrough();
  let logged = '';
  log.on('data', (chunk: Buffer) => (logged += chunk.toString()));
  const later = { ms: 0 };
  const clock = {
    nowMs: () => Date.now() + later.ms,
    sleep: async (ms: number, signal?: AbortSignal) => await systemClock.sleep(ms, signal),
  };
  const portal = createPortal(
    { ...config, autoSweep: false },
    { clock, logger: createLogger({ destination: log }) },
  );
  onTestFinished(async () => await portal.close());
  await portal.start();
  const command = async <T>(work: (access: AccessCommands) => Promise<T>) =>
    await useAccess(config, { clock, logger: silentLogger(), author: 'test' }, work);
  return { url: `http://${formatAddress(portal.address)}`, later, command, log: () => logged };
}

describeWith(['postgresql'], 'a portal with a read replica', ({ postgresql: bin }) => {
  it('answers from the replica, says its age, and asks the primary who may read', async () => {
    const { folder, port, replicaPort, primary, replica, use, startReplica } = await startServers(bin);
    let server = await startReplica();
    const { url, later, command, log } = await startPortal(folder, port, replicaPort);
    const newToken = async () =>
      await command(
        async (access) =>
          await access.createToken({
            name: 'a',
            owner: { kind: 'installation' },
            roles: [{ role: 'auditor' }],
          }),
      );
    const token = await newToken();
    const ask = async (path: string, secret = token) => {
      const response = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${secret}` } });
      return {
        status: response.status,
        age: response.headers.get('replica-age'),
        body: await response.text(),
      };
    };
    const askAll = async () => await Promise.all(QUESTIONS.map(async (path) => await ask(path)));
    const bodies = (answers: { body: string }[]) => answers.map(({ body }) => body);
    const ages = (answers: { age: string | null }[]) => answers.map(({ age }) => age);
    const caughtUp = async () =>
      await eventually(async () => ((await ask(USAGE)).age === '0.000' ? true : undefined));

    await use();
    await caughtUp();
    const before = await askAll();
    expect(before.map(({ status }) => status)).toEqual(QUESTIONS.map(() => 200));
    expect(JSON.parse((await ask(USAGE)).body)).toMatchObject({ data: [{ site: 'a', amount: 1 }] });
    expect((await ask('/metrics')).body).toContain('stackmeter_portal_read_replica_up 1\n');

    await runSql(replica, 'SELECT pg_wal_replay_pause()');
    await use();
    const behind = await askAll();
    expect(bodies(behind)).toEqual(bodies(before));
    // The grants of this portal have no allowances, so nobody asks for their usage.
    expect(
      ages(behind)
        .map(Number)
        .filter((age) => age > 0),
    ).toHaveLength(QUESTIONS.length - 1);
    expect((await ask('/metrics')).body).toMatch(
      /^stackmeter_portal_read_replica_age_seconds \d*\.\d*[1-9]/m,
    );
    await runSql(primary, `INSERT INTO ledger.migration (id, name) VALUES (999, 'the next one')`);
    expect((await ask(USAGE)).age).toBeNull();
    await runSql(primary, 'DELETE FROM ledger.migration WHERE id = 999');
    later.ms += HOUR;
    expect(log()).toMatch(
      /the schema of its ledger is \d+, and that of the primary 999: it is behind an update/,
    );
    const newest = await newToken();
    expect((await ask(USAGE, newest)).status).toBe(200);
    const tokens = await command(async (access) => await access.tokens());
    await command(async (access) => await access.revoke(tokens.at(-1)?.id ?? ''));
    expect([(await ask(USAGE, newest)).status, (await ask(USAGE)).status]).toEqual([401, 200]);
    await runSql(replica, 'SELECT pg_wal_replay_resume()');
    await caughtUp();
    const after = await askAll();
    expect(JSON.parse((await ask(USAGE)).body)).toMatchObject({ data: [{ site: 'a', amount: 2 }] });

    const holder = new Client(primary);
    await holder.connect();
    onTestFinished(async () => await holder.end());
    await holder.query('BEGIN; LOCK TABLE ledger.meter IN ACCESS EXCLUSIVE MODE');
    // PostgreSQL sends the lock to the replica with the next commit.
    await runSql(primary, 'CREATE TABLE any_commit ()');
    const seen = async (sql: string) =>
      await eventually(async () => ((await runSql(replica, sql)).length > 0 ? true : undefined));
    await seen(
      `SELECT FROM pg_locks WHERE relation = 'ledger.meter'::regclass AND mode = 'AccessExclusiveLock'`,
    );
    const held = ask(USAGE);
    await seen(`SELECT FROM pg_locks WHERE relation = 'ledger.meter'::regclass AND NOT granted`);
    await server.stop('SIGQUIT');
    await holder.query('ROLLBACK');
    expect(await held).toEqual({ ...after[4], age: null });
    expect(ages(await askAll())).toEqual(QUESTIONS.map(() => null));
    expect(bodies(await askAll())).toEqual(bodies(after));
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect((await ask('/metrics')).body).toContain('stackmeter_portal_read_replica_up 0\n');
    expect(log()).toMatch(/"msg":"the read replica is not used, and the primary answers questions"/);

    server = await startReplica();
    later.ms += HOUR;
    await caughtUp();
    expect(log()).toContain('the read replica is used again');

    await runSql(replica, 'SELECT pg_promote()');
    later.ms += HOUR;
    expect((await ask(USAGE)).age).toBeNull();
    expect(log()).toContain('it is no replica');
    await expect(startPortal(temporaryFolder(), port, replicaPort)).rejects.toThrow(
      /^cannot use DATABASE_READ_URL: "postgres" at 127\.0\.0\.1:\d+: it is no replica: name a replica, or leave it out$/,
    );
  });
});
