import { Client } from 'pg';
import { onTestFinished } from 'vitest';
import type { SiteRow } from '../../src/portal/api/shapes/answers.ts';
import { AccountStore } from '../../src/portal/accounts/account-store.ts';
import { createApiServer } from '../../src/portal/api/server.ts';
import { Collector } from '../../src/portal/collector/collector.ts';
import { DEFAULT_BODY_LIMITS } from '../../src/portal/collector/federate-body.ts';
import type { DatabaseConnection } from '../../src/portal/database/connection.ts';
import { openDatabase } from '../../src/portal/database/database.ts';
import { DEFAULT_QUESTION_LIMITS, type QuestionLimits } from '../../src/portal/ledger/question-cost.ts';
import { openLedger } from '../../src/portal/ledger/store/open-ledger.ts';
import { createPortalMetrics } from '../../src/portal/metrics.ts';
import { USAGE_SELECTORS } from '../../src/prometheus/usage-metrics.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { closeServer, listen } from '../../src/runtime/http/listen.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { clockAt, HOUR, MINUTE, type FreshLedger } from '../ledger/fixture.ts';
import { getJson } from '../support/api-client.ts';
import { runSql } from '../support/postgresql-server.ts';
import { eventually } from '../support/processes.ts';
import { startFakeGate, TEXT_FORMAT, usageLine } from './fake-gate.ts';

export const [FROM, TO] = [Date.UTC(2025, 9, 1), Date.UTC(2026, 0, 1)];
export const PROJECTS = 150;
export const RESOURCES = ['vcpu', 'mb', 'instance', 'disk_gb'];

/** Inserts three packed months of `PROJECTS` projects with four resources. */
async function seed(connection: DatabaseConnection): Promise<void> {
  const meters = PROJECTS * RESOURCES.length;
  const resources = RESOURCES.map((name, index) => `(1, ${index + 1}, '${name}')`).join(', ');
  await runSql(
    connection,
    `INSERT INTO ledger.cloud VALUES (1, 1, '', ${FROM}, ${TO - 1}, ${TO});
     INSERT INTO ledger.epoch VALUES (1, 1, 'e', 0);
     INSERT INTO ledger.resource VALUES ${resources};
     INSERT INTO ledger.project SELECT 1, n, 1, 'project-' || n FROM generate_series(1, ${PROJECTS}) n;
     INSERT INTO ledger.project_name SELECT 1, n, 0, NULL, 'project ' || n, 'd', 'D' FROM generate_series(1, ${PROJECTS}) n;
     INSERT INTO ledger.meter SELECT 1, n, (n + 3) / 4, 1 + (n - 1) % 4, 1, 0, 0, 0, ${TO} FROM generate_series(1, ${meters}) n;
     UPDATE ledger.site_state SET next_id = ${meters + 1}, projects = ${PROJECTS}, meters = ${meters} WHERE site_id = 1;
     INSERT INTO ledger.month
       (site_id, meter_id, first_hour, last_hour, hour_amounts, hour_spreads, day_amounts, day_spreads, packed_schema)
     SELECT 1, n, first_hour, first_hour + hours - 1, array_fill((1 + n % 64) * 3600000::bigint, ARRAY[hours]), NULL,
            array_fill(24 * (1 + n % 64) * 3600000::bigint, ARRAY[hours / 24]), NULL, 0
     FROM generate_series(1, ${meters}) n, (
       SELECT (extract(epoch FROM m) / 3600)::int AS first_hour,
              (extract(epoch FROM m + interval '1 month' - m) / 3600)::int AS hours
       FROM generate_series('2025-10-01'::timestamp, '2025-12-01', '1 month') AS m) months;
     ANALYZE;`,
  );
}

/** Makes every question about packed hours wait until the test ends. */
export async function holdPackedHours(connection: DatabaseConnection): Promise<void> {
  const client = new Client(connection);
  await client.connect();
  onTestFinished(async () => await client.end());
  await client.query('BEGIN');
  await client.query('LOCK TABLE ledger.month IN ACCESS EXCLUSIVE MODE');
}

/** The number of questions by grant that wait for packed hours. */
export async function heldQuestions(connection: DatabaseConnection): Promise<number> {
  const [row] = await runSql<{ count: string }>(
    connection,
    `SELECT count(*) FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%granted AS (%'`,
  );
  return Number(row?.count);
}

/** Starts the API of a seeded ledger over HTTP, with these limits for questions, and a collector. */
export async function portalWith(freshLedger: FreshLedger, limits: Partial<QuestionLimits> = {}) {
  const { connection } = await freshLedger(['a', 'b']);
  await seed(connection);
  const time = { nowMs: TO };
  const [clock, logger, metrics] = [clockAt(time), silentLogger(), createPortalMetrics()];
  const all = { ...DEFAULT_QUESTION_LIMITS, ...limits };
  const database = await openDatabase(connection, logger);
  const ledger = await openLedger({
    database,
    clock,
    logger,
    limits: all,
  });
  onTestFinished(async () => await ledger.close());
  const leave = new AbortController();
  const server = await createApiServer({
    ledger,
    accounts: new AccountStore({ database, clock }),
    metrics,
    clock,
    logger,
  });
  onTestFinished(async () => {
    leave.abort();
    await closeServer(server.server); // a client may not have read an answer to its end
    await server.close();
  });
  const { port } = await listen(server.server, { host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${port}`;
  const usage = async (question: string, signal?: AbortSignal) =>
    await fetch(`${url}/api/v1/usage?${question}`, signal === undefined ? {} : { signal });
  const collector = new Collector({
    ledger,
    clock: { ...clock, sleep: async (ms, signal) => await systemClock.sleep(ms, signal) },
    logger,
    metrics,
    random: () => 0,
    limits: DEFAULT_BODY_LIMITS,
  });
  onTestFinished(async () => await collector.close());
  return { connection, url, usage, leave, collector, time };
}

/** Sweeps site `b` with a gate of its own. `begin` starts a sweep whose answer ends, and is folded, after `until`. */
export async function sweepsOf(collector: Collector, time: { nowMs: number }) {
  let requests = 0;
  let rest: Promise<unknown> = Promise.resolve();
  const url = await startFakeGate((_request, response) => {
    const line = (project: string) => usageLine(project, (time.nowMs - TO) / HOUR, time.nowMs);
    response.writeHead(200, TEXT_FORMAT).write(line('one'));
    void rest.then(() => response.end(line('other')));
    requests += 1;
  });
  const [intervalMs, timeoutMs, selectors] = [MINUTE, MINUTE, USAGE_SELECTORS];
  await collector.setSites([
    { name: 'b', url, token: 't', ca: undefined, intervalMs, timeoutMs, labels: {}, selectors },
  ]);
  return {
    sweep: async () => await collector.sweep(),
    /** Resolves when the gate receives the request. */
    begin: async (until: Promise<unknown>) => {
      const before = requests;
      rest = until;
      const done = collector.sweep();
      await eventually(async () => (requests > before ? true : undefined));
      return { done };
    },
  };
}

export async function lastSweepOf(portalUrl: string, site: string): Promise<string | null | undefined> {
  const { data } = (await getJson(`${portalUrl}/api/v1/sites`)) as { data: SiteRow[] };
  return data.find(({ name }) => name === site)?.last_success_at;
}

export async function running(connection: DatabaseConnection): Promise<number> {
  const [row] = await runSql<{ count: string }>(
    connection,
    `SELECT count(*) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL AND application_name = 'stackmeter'`,
  );
  return Number(row?.count);
}
