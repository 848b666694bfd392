import { EVERYTHING } from '../../src/portal/access/rights/scope.ts';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { DatabaseConnection } from '../../src/portal/database/connection.ts';
import type { Lease, Sweep } from '../../src/portal/ledger/ledger.ts';
import type { Pool } from 'pg';
import { AccountStore } from '../../src/portal/accounts/account-store.ts';
import { createApiServer } from '../../src/portal/api/server.ts';
import { EmbeddedDatabase } from '../../src/portal/database/embedded/embedded-database.ts';
import { connectToDatabase } from '../../src/portal/database/connect.ts';
import { Database, openDatabase } from '../../src/portal/database/database.ts';
import { openLedger } from '../../src/portal/ledger/store/open-ledger.ts';
import { createPortalMetrics } from '../../src/portal/metrics.ts';
import { forgetExcessFacts } from '../../src/portal/remote-write/inbox.ts';
import { Receiver, type ReceiverParts } from '../../src/portal/remote-write/receiver.ts';
import { EXPORTER_METRICS } from '../../src/prometheus/usage-metrics.ts';
import { toSnappy } from '../../src/prometheus/remote/snappy.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { clockAt, columns, HOUR, MINUTE, NOON, query, sitesNamed } from '../ledger/fixture.ts';
import { otherDatabase, runSql } from '../support/postgresql-server.ts';
import { temporaryFolder } from '../support/processes.ts';
import { encodeWriteRequest, writtenSeries, type WrittenSeries } from './write-request.ts';

const TOKEN = 'test-token-of-43-characters-0123456789abcdefg';
const OTHER_TOKEN = 'other-token-of-43-characters-0123456789abcde';

/** An embedded server that the test can stop and start again; it ends with the test. */
function startServer() {
  const dataFolder = join(temporaryFolder(), 'data');
  const logger = silentLogger();
  let server = new EmbeddedDatabase({ dataFolder, logger });
  onTestFinished(async () => await server.close());
  return {
    stop: async () => await server.close(),
    start: async () => {
      server = new EmbeddedDatabase({ dataFolder, logger });
      return await server.start();
    },
  };
}

const serverFolder = mkdtempSync(join(tmpdir(), 'stackmeter-test-'));
const sharedServer = new EmbeddedDatabase({ dataFolder: serverFolder, logger: silentLogger() });
let onServer: DatabaseConnection;
beforeAll(async () => void (onServer = await sharedServer.start()));
afterAll(async () => {
  await sharedServer.close();
  rmSync(serverFolder, { recursive: true, force: true });
});

/** A new database on the server that all tests of this file share. */
function freshDatabase() {
  const name = `stackmeter_test_${randomBytes(6).toString('hex')}`;
  return {
    start: async () => {
      await runSql(onServer, `CREATE DATABASE ${name}`);
      return otherDatabase(onServer, name);
    },
  };
}

/** A portal's receiver and API with a real database and a clock that the test moves. */
async function startReceiver(
  limits: ReceiverParts['limits'] = {},
  database: { start: () => Promise<DatabaseConnection> } = freshDatabase(),
  lease: () => Lease | undefined = () => undefined,
  folds?: () => boolean,
  hasOther = false,
) {
  const time = { nowMs: NOON };
  const clock = clockAt(time);
  const logger = silentLogger();
  const connection = await database.start();
  const ledger = await openLedger({ database: await openDatabase(connection, logger), clock, logger });
  await ledger.declareSites(sitesNamed('a', 'b'));
  const pool = await connectToDatabase(connection, logger);
  const metrics = createPortalMetrics();
  const fenced = {
    ...ledger,
    foldInAnyOrder: async (site: string, sweep: Sweep) => await ledger.foldInAnyOrder(site, sweep, lease()),
    recordFailure: async (site: string, atMs: number, reason: string) =>
      await ledger.recordFailure(site, atMs, reason),
  };
  const receiver = new Receiver({
    database: new Database(pool),
    ledger: fenced,
    clock,
    logger,
    metrics,
    limits,
    folds,
  });
  const rule = { siteLabel: 'site', sites: ['a', 'b'] };
  const other = { name: 'other', token: OTHER_TOKEN, rule: { site: 'b' } };
  receiver.setSources({
    senders: [{ name: 'one', token: TOKEN, rule }, ...(hasOther ? [other] : [])],
    sites: [],
  });
  const api = await createApiServer({
    ledger,
    accounts: new AccountStore({ database: new Database(pool), clock }),
    metrics,
    clock,
    receiver,
    logger,
  });
  onTestFinished(async () => {
    await api.close();
    await receiver.close();
    await pool.end();
    await ledger.close();
  });
  const post = async (body: Buffer, token = TOKEN) => {
    const answer = await api.inject({
      method: 'POST',
      url: '/api/v1/write',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/x-protobuf',
        'content-encoding': 'snappy',
      },
      payload: toSnappy(body),
    });
    return [answer.statusCode, answer.headers['retry-after']];
  };
  const send = async (series: readonly WrittenSeries[], token = TOKEN) =>
    await post(encodeWriteRequest(series), token);
  const write = async (site: string, project: string, amount: number, atMs: number) =>
    await send([usageOf(site, project, amount, atMs)]);
  const amounts = async () =>
    columns((await ledger.usage(query({ step: 'total' }))).data, 'site', 'projectId', 'amount');
  return { time, ledger, pool, metrics, receiver, post, send, write, amounts };
}

function usageOf(site: string, project: string, amount: number, atMs: number): WrittenSeries {
  return writtenSeries(
    'project_vcpu_usage',
    { site, project_id: project, project_name: project },
    amount,
    atMs,
  );
}

/** The folded-until and epoch series that site a's exporter shows beside its totals. */
function factsOf(atMs: number): [until: WrittenSeries, epoch: WrittenSeries] {
  return [
    writtenSeries(EXPORTER_METRICS.foldedUntil, { site: 'a' }, atMs / 1000, atMs),
    writtenSeries(EXPORTER_METRICS.epochInfo, { site: 'a', epoch: 'one' }, 1, atMs),
  ];
}

const REFUSED = [400, undefined];
const TRY_LATER = [503, '5'];
const ACCEPTED = [204, undefined];

async function count(pool: Pool, table: string): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(`SELECT count(*)::int AS n FROM remote_write.${table}`);
  return rows[0]?.n ?? -1;
}

describe('memory totals from an earlier exporter', () => {
  it('are counted in MiB, and do not jump when the unit becomes known', async () => {
    const { send, receiver, time, ledger } = await startReceiver();
    const rule = { siteLabel: 'site', sites: ['a', 'b'] };
    const write = async (minute: number) => {
      const atMs = NOON + minute * MINUTE;
      const labels = { site: 'a', project_id: 'p', project_name: 'p' };
      // Two vCPUs and 4 GiB, for 100 hours and some minutes.
      const series = [
        writtenSeries('project_vcpu_usage', labels, 2 * (100 + minute / 60), atMs),
        writtenSeries('project_mb_usage', labels, 4 * (100 + minute / 60), atMs),
      ];
      expect(await send(series)).toEqual(ACCEPTED);
      time.nowMs = atMs + MINUTE;
      await receiver.fold();
    };
    for (let minute = 0; minute <= 60; minute += 5) await write(minute);
    receiver.setSources({
      senders: [{ name: 'one', token: TOKEN, rule, memoryUnits: new Map([['a', 'GiB']]) }],
      sites: [],
    });
    for (let minute = 65; minute <= 120; minute += 5) await write(minute);
    const { data } = await ledger.usage(query({ step: 'hour' }));
    expect(columns(data, 'resource', 'amount')).toEqual([
      ['mb', 4],
      ['vcpu', 2],
      // Five minutes at the earlier rate, and fifty-five at the true rate.
      ['mb', expect.closeTo((4 * 5) / 60 + (4096 * 55) / 60, 3)],
      ['vcpu', expect.closeTo(2, 3)],
    ]);
    expect(await ledger.verify()).toEqual([]);
  });
});

describe('totals of an exporter that sends its epoch and folded-until instant', () => {
  it('are refused if one of the two is missing, and the next complete totals count their usage', async () => {
    const { send, receiver, time, ledger, amounts } = await startReceiver();
    const whole = (amount: number, atMs: number) => [usageOf('a', 'p', amount, atMs), ...factsOf(atMs)];
    const [until] = factsOf(NOON - MINUTE);
    const [, epoch] = factsOf(NOON);
    expect(await send(whole(10, NOON - 2 * MINUTE))).toEqual(ACCEPTED);
    expect(await send([usageOf('a', 'p', 12, NOON - MINUTE), until])).toEqual(ACCEPTED);
    expect(await send([usageOf('a', 'p', 14, NOON), epoch])).toEqual(ACCEPTED);
    // Folds long after, like a portal that was down.
    time.nowMs = NOON + HOUR;
    await receiver.fold();
    expect(await amounts()).toEqual([]);
    expect(await send(whole(15, NOON + MINUTE))).toEqual(ACCEPTED);
    await receiver.fold();
    expect(await amounts()).toEqual([['a', 'p', 5]]);
    expect(
      (await ledger.sites({ scope: EVERYTHING })).map(({ name, anomalies }) => [name, anomalies]),
    ).toEqual([
      ['a', 0],
      ['b', 0],
    ]);
  });
});

describe('the epoch and folded-until instant of an exporter', () => {
  it('are kept for totals that arrive later', async () => {
    const { send, receiver, time, ledger } = await startReceiver();
    expect(await send(factsOf(NOON))).toEqual(ACCEPTED);
    time.nowMs = NOON + 5 * HOUR;
    await receiver.fold();
    expect(await send([usageOf('a', 'p', 10, NOON)])).toEqual(ACCEPTED);
    await receiver.fold();
    expect((await ledger.sites({ scope: EVERYTHING }))[0]?.lastReadingMs).toBe(NOON);
  });

  it('are answered 503 while the database cannot store them, and so are their totals', async () => {
    const { send, receiver, pool, time, amounts } = await startReceiver();
    const whole = (amount: number, atMs: number) => [usageOf('a', 'p', amount, atMs), ...factsOf(atMs)];
    expect(await send(whole(10, NOON - MINUTE))).toEqual(ACCEPTED);
    await pool.query('ALTER TABLE remote_write.fact RENAME TO away');
    expect(await send(whole(12, NOON))).toEqual(TRY_LATER);
    expect(await send(factsOf(NOON))).toEqual(TRY_LATER);
    await pool.query('ALTER TABLE remote_write.away RENAME TO fact');
    expect(await send(whole(12, NOON))).toEqual(ACCEPTED);
    time.nowMs = NOON + 10 * MINUTE;
    await receiver.fold();
    expect(await amounts()).toEqual([['a', 'p', 2]]);
  });
});

describe('a body that is not remote write', () => {
  it('is answered 400', async () => {
    const { post } = await startReceiver();
    expect(await post(Buffer.from('no protobuf'))).toEqual(REFUSED);
    expect(await post(encodeWriteRequest([usageOf('a', 'p', 1, NOON)]).subarray(0, -1))).toEqual(REFUSED);
  });
});

describe('a sender that writes more than others', () => {
  it('is told to wait, while a sender that writes little is still accepted', async () => {
    const limits = { maxWaitingSamples: 40 };
    const { send, write } = await startReceiver(limits, freshDatabase(), undefined, undefined, true);
    const many = Array.from({ length: 30 }, (_, n) => usageOf('a', `p${n}`, 1, NOON));
    expect(await send(many)).toEqual(ACCEPTED);
    expect(await write('a', 'p', 1, NOON)).toEqual(TRY_LATER);
    expect(await send([usageOf('b', 'p', 1, NOON)], OTHER_TOKEN)).toEqual(ACCEPTED);
  });

  it('has 60,000 facts of one request stored by few SQL statements', async () => {
    const { send, pool } = await startReceiver();
    let acquired = 0;
    pool.on('acquire', () => (acquired += 1));
    expect(await send(Array.from({ length: 30_000 }, (_, n) => factsOf(NOON + n)).flat())).toEqual(ACCEPTED);
    expect(acquired).toBeLessThan(50);
    expect(await count(pool, 'fact')).toBe(30_000);
    await forgetExcessFacts(new Database(pool), 1000);
    expect(await count(pool, 'fact')).toBe(1000);
  });

  it('is refused a request about too many instants', async () => {
    const { send } = await startReceiver();
    expect(await send(Array.from({ length: 20_001 }, (_, n) => usageOf('a', 'p', 1, NOON + n)))).toEqual(
      REFUSED,
    );
  });
});

describe('a portal that cannot accept a write', () => {
  it('answers 503 with Retry-After while too many samples wait, and accepts the write once they are folded', async () => {
    const { write, receiver, time, amounts } = await startReceiver({ maxWaitingSamples: 2 });
    expect(await write('a', 'p', 10, NOON - MINUTE)).toEqual(ACCEPTED);
    expect(await write('a', 'p', 12, NOON)).toEqual(ACCEPTED);
    expect(await write('a', 'p', 15, NOON + MINUTE)).toEqual(TRY_LATER);
    time.nowMs = NOON + 10 * MINUTE;
    await receiver.fold();
    expect(await write('a', 'p', 15, NOON + MINUTE)).toEqual(ACCEPTED);
    time.nowMs = NOON + 20 * MINUTE;
    await receiver.fold();
    expect(await amounts()).toEqual([['a', 'p', 5]]);
  });

  it('answers 503 with Retry-After while too many samples wait for another portal to fold them', async () => {
    let folds = false;
    const limits = { maxWaitingBytes: 1 };
    const { write, receiver, amounts } = await startReceiver(limits, freshDatabase(), undefined, () => folds);
    expect(await write('a', 'p', 10, NOON - 20 * MINUTE)).toEqual(ACCEPTED);
    await receiver.tryToFold();
    expect(await write('a', 'p', 12, NOON - 19 * MINUTE)).toEqual(TRY_LATER);
    folds = true;
    await receiver.tryToFold();
    expect(await write('a', 'p', 12, NOON - 19 * MINUTE)).toEqual(ACCEPTED);
    expect(await amounts()).toEqual([]);
  });

  it('drops its waiting samples once another portal folds them', async () => {
    let folds = true;
    const limits = { maxWaitingSamples: 1 };
    const { write, receiver } = await startReceiver(limits, freshDatabase(), undefined, () => folds);
    expect(await write('a', 'p', 10, NOON - MINUTE)).toEqual(ACCEPTED);
    expect(await write('a', 'p', 12, NOON)).toEqual(TRY_LATER);
    folds = false;
    await receiver.tryToFold();
    expect(await write('a', 'p', 12, NOON)).toEqual(ACCEPTED);
  });

  it('loads all requests that other portals accepted, even very many', async () => {
    let folds = false;
    const { write, receiver, time, amounts } = await startReceiver(
      {},
      freshDatabase(),
      undefined,
      () => folds,
    );
    for (let minute = 0; minute < 120; minute += 1)
      expect(await write('a', 'p', minute, NOON + minute * MINUTE)).toEqual(ACCEPTED);
    folds = true;
    time.nowMs = NOON + 3 * HOUR;
    await receiver.fold();
    expect(await amounts()).toEqual([['a', 'p', 119]]);
  });

  it('answers 503 with Retry-After while the database is down, and loses no write that it accepted before', async () => {
    const ownServer = startServer();
    const { write, receiver, time } = await startReceiver({}, ownServer);
    expect(await write('a', 'p', 10, NOON - MINUTE)).toEqual(ACCEPTED);
    expect(await write('a', 'p', 12, NOON)).toEqual(ACCEPTED);
    await ownServer.stop();
    expect(await write('a', 'p', 15, NOON + MINUTE)).toEqual(TRY_LATER);
    time.nowMs = NOON + 2 * HOUR;
    await expect(receiver.fold()).rejects.toThrow(/ENOENT|ECONNREFUSED|terminated/);
    const next = await startReceiver({}, ownServer);
    expect(await next.write('a', 'p', 15, NOON + MINUTE)).toEqual(ACCEPTED);
    next.time.nowMs = NOON + 2 * HOUR;
    await next.receiver.fold();
    expect([await next.amounts(), await count(next.pool, 'set_aside')]).toEqual([[['a', 'p', 5]], 0]);
  });
});

describe('a stored request that cannot be read', () => {
  it('is set aside and counted, and the requests behind it are folded', async () => {
    const { write, receiver, time, pool, metrics, amounts } = await startReceiver();
    // An earlier version may have accepted these: no snappy, and no protobuf within snappy.
    for (const body of [Buffer.from('garbage'), toSnappy(Buffer.from('no protobuf'))])
      await pool.query('INSERT INTO remote_write.inbox (rule, received_ms, body) VALUES ($1, $2, $3)', [
        JSON.stringify({ site: 'a' }),
        NOON - HOUR,
        body,
      ]);
    await write('a', 'p', 10, NOON - MINUTE);
    await write('b', 'p', 1, NOON - MINUTE);
    await write('a', 'p', 12, NOON);
    time.nowMs = NOON + 10 * MINUTE;
    await receiver.fold();
    expect(await amounts()).toEqual([['a', 'p', 2]]);
    expect([await count(pool, 'inbox'), await count(pool, 'set_aside')]).toEqual([0, 2]);
    const { rows } = await pool.query('SELECT site, body, reason FROM remote_write.set_aside ORDER BY id');
    expect(rows).toEqual([
      { site: 'a', body: Buffer.from('garbage'), reason: expect.stringMatching(/snappy/i) },
      { site: 'a', body: toSnappy(Buffer.from('no protobuf')), reason: expect.any(String) },
    ]);
    expect(await metrics.registry.metrics()).toContain(
      'stackmeter_portal_remote_write_set_aside_samples_total{site="a"} 2',
    );
  });
});

describe('a write that the ledger refuses every time', () => {
  /** A constraint that one project breaks. It stands for any content that makes every fold fail. */
  const poison = `ALTER TABLE ledger.project ADD CONSTRAINT wanted CHECK (key <> 'poison')`;

  it('is tried for an hour, then set aside and counted, and blocks no other write', async () => {
    const { write, receiver, time, pool, metrics, amounts } = await startReceiver({ maxWaitingSamples: 10 });
    await pool.query(poison);
    await write('a', 'p', 10, NOON - 2 * MINUTE);
    await write('a', 'poison', 1, NOON - MINUTE);
    await write('a', 'p', 12, NOON);
    await write('b', 'p', 5, NOON);
    time.nowMs = NOON + 10 * MINUTE;
    await expect(receiver.fold()).rejects.toThrow(/violates check constraint "wanted"/);
    expect([await count(pool, 'inbox'), await count(pool, 'set_aside')]).toEqual([3, 0]);
    time.nowMs = NOON + 61 * MINUTE;
    await receiver.fold();
    expect(await amounts()).toEqual([['a', 'p', 2]]);
    expect([await count(pool, 'inbox'), await count(pool, 'set_aside')]).toEqual([0, 1]);
    const { rows } = await pool.query('SELECT site, reason FROM remote_write.set_aside');
    expect(rows).toEqual([
      { site: 'a', reason: expect.stringContaining('violates check constraint "wanted"') },
    ]);
    expect(await metrics.registry.metrics()).toContain(
      'stackmeter_portal_remote_write_set_aside_samples_total{site="a"} 1',
    );
    expect(await write('a', 'p', 15, NOON + HOUR)).toEqual(ACCEPTED);
  });

  it('is kept up to a bound, newest first, and folded when somebody puts it back', async () => {
    const { write, receiver, time, pool, ledger } = await startReceiver({ maxRequests: 2 });
    await pool.query(poison);
    for (const minute of [3, 2, 1]) await write('a', 'poison', 10 - minute, NOON - minute * MINUTE);
    time.nowMs = NOON + 61 * MINUTE;
    await receiver.fold();
    expect([await count(pool, 'inbox'), await count(pool, 'set_aside')]).toEqual([0, 2]);
    await pool.query('ALTER TABLE ledger.project DROP CONSTRAINT wanted');
    await pool.query(`WITH again AS (DELETE FROM remote_write.set_aside RETURNING rule, received_ms, body)
      INSERT INTO remote_write.inbox (rule, received_ms, body) SELECT DISTINCT rule, received_ms, body FROM again`);
    await receiver.fold();
    const { data } = await ledger.projects({ scope: EVERYTHING, limit: 10 });
    expect(data.map(({ projectId, firstReadingMs }) => [projectId, firstReadingMs])).toEqual([
      ['poison', NOON - 2 * MINUTE],
    ]);
    expect([await count(pool, 'inbox'), await count(pool, 'set_aside')]).toEqual([0, 0]);
  });

  it('is not confused with a failing database, however long and often the database fails', async () => {
    const { write, receiver, time, pool, amounts } = await startReceiver();
    await write('a', 'p', 10, NOON - MINUTE);
    await write('a', 'p', 12, NOON);
    for (const hours of [1, 2, 24]) {
      await pool.query('ALTER TABLE ledger.site_state RENAME TO away');
      time.nowMs = NOON + hours * HOUR;
      await expect(receiver.fold()).rejects.toThrow(/relation "ledger.site_state" does not exist/);
      await pool.query('ALTER TABLE ledger.away RENAME TO site_state');
    }
    expect([await count(pool, 'inbox'), await count(pool, 'set_aside')]).toEqual([2, 0]);
    await receiver.fold();
    expect(await amounts()).toEqual([['a', 'p', 2]]);
  });

  it('is found also if the database fails during the search for it', async () => {
    const { write, receiver, time, pool, ledger } = await startReceiver();
    await write('a', 'poison', 12, NOON - 2 * MINUTE);
    await write('a', 'p', 10, NOON - MINUTE);
    await pool.query(poison);
    // After the search has set the bad sample aside, the server shuts down while it folds the rest.
    await pool.query(`
      CREATE FUNCTION ledger.shut_down() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN IF new.key = 'p' THEN RAISE EXCEPTION 'going down' USING ERRCODE = 'admin_shutdown'; END IF; RETURN new; END $$;
      CREATE TRIGGER shut_down BEFORE INSERT ON ledger.project FOR EACH ROW EXECUTE FUNCTION ledger.shut_down()`);
    time.nowMs = NOON + 2 * HOUR;
    await expect(receiver.fold()).rejects.toThrow('going down');
    expect([await count(pool, 'inbox'), await count(pool, 'set_aside')]).toEqual([1, 1]);
    await pool.query('DROP TRIGGER shut_down ON ledger.project');
    await receiver.fold();
    expect([await count(pool, 'inbox'), await count(pool, 'set_aside')]).toEqual([0, 1]);
    const { data } = await ledger.projects({ scope: EVERYTHING, limit: 10 });
    expect(data.map(({ projectId }) => projectId)).toEqual(['p']);
  });

  it('is left to the portal that took over, however long this portal has tried', async () => {
    let lease: Lease | undefined = { name: 'inbox', holder: 'another portal' };
    const { write, receiver, time, pool, metrics, amounts } = await startReceiver(
      {},
      freshDatabase(),
      () => lease,
    );
    await write('a', 'p', 10, NOON - MINUTE);
    await write('a', 'p', 12, NOON);
    time.nowMs = NOON + 61 * MINUTE;
    await expect(receiver.fold()).rejects.toThrow("the lease inbox is now another portal's");
    expect([await count(pool, 'inbox'), await count(pool, 'set_aside')]).toEqual([2, 0]);
    expect(await metrics.registry.metrics()).not.toContain('result="ledger_failure"} 1');
    lease = undefined;
    await receiver.fold();
    expect(await amounts()).toEqual([['a', 'p', 2]]);
  });
});
