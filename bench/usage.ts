/**
 * Measures the API's answers about the usage of many projects: `npx tsx bench/usage.ts [PROJECTS]`. Makes a year of
 * PROJECTS (10,000) projects with three resources on the embedded PostgreSQL, packed except for the last three days. Asks
 * each question three times and prints the median. PostgreSQL's caches stay warm.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { AccountStore } from '../src/portal/accounts/account-store.ts';
import { createApiServer } from '../src/portal/api/server.ts';
import { EmbeddedDatabase } from '../src/portal/database/embedded/embedded-database.ts';
import { openLedger } from '../src/portal/ledger/store/open-ledger.ts';
import { createPortalMetrics } from '../src/portal/metrics.ts';
import { silentLogger } from '../src/runtime/logger.ts';
import { openDatabase } from '../src/portal/database/database.ts';

const PROJECTS = Number(process.argv[2] ?? 10_000);
const MS_PER_HOUR = 3_600_000;
const END_MS = Date.UTC(2026, 0, 1);
const END_HOUR = END_MS / MS_PER_HOUR;
const PACKED_UNTIL_HOUR = END_HOUR - 72;
const TIMES = 3;

const QUESTIONS = {
  'a project, a year by day':
    'step=day&from=2025-01-01&to=2026-01-01&project=00000000000000000000000000000777',
  'all together, a year by month': 'step=month&from=2025-01-01&to=2026-01-01&by=resource',
  'all together, a year by day': 'step=day&from=2025-01-01&to=2026-01-01&by=resource&limit=10000',
  'by project, a day': 'step=total&from=2025-12-30&to=2025-12-31&by=project&resource=vcpu&limit=10000',
  'by project, a month': 'step=total&from=2025-12-01&to=2026-01-01&by=project&resource=vcpu&limit=10000',
  'by project, a year': 'step=total&from=2025-01-01&to=2026-01-01&by=project&resource=vcpu&limit=10000',
  'by project, a year by month, a page':
    'step=month&from=2025-01-01&to=2026-01-01&by=project,resource&limit=1000',
  'by project, a year by month, CSV':
    'step=month&from=2025-01-01&to=2026-01-01&by=project,resource&format=csv',
  'by project, a month by day, CSV': 'step=day&from=2025-11-01&to=2025-12-01&by=project,resource&format=csv',
  'by project, a day by hour, CSV': 'step=hour&from=2025-11-03&to=2025-11-04&by=project,resource&format=csv',
};

/** SQL for a year of servers that run all the time: a meter's amount is the same in every hour. */
const yearOfUsage = `
  INSERT INTO ledger.cloud VALUES (1, 1, '', 0, ${END_MS - 1}, ${END_MS});
  INSERT INTO ledger.epoch VALUES (1, 1, 'e', 0);
  INSERT INTO ledger.resource VALUES (1, 1, 'vcpu'), (1, 2, 'mb'), (1, 3, 'instance');
  INSERT INTO ledger.project SELECT 1, n, 1, lpad(n::text, 32, '0') FROM generate_series(1, ${PROJECTS}) n;
  INSERT INTO ledger.project_name SELECT 1, n, 0, NULL, 'project ' || n, 'default', 'Default' FROM generate_series(1, ${PROJECTS}) n;
  INSERT INTO ledger.meter SELECT 1, n, (n + 2) / 3, 1 + (n - 1) % 3, 1, 0, 0, 0, ${END_MS} FROM generate_series(1, 3 * ${PROJECTS}) n;
  INSERT INTO ledger.entry SELECT 1, n, hour, (1 + n % 64) * 3600000::bigint, 0
    FROM generate_series(1, 3 * ${PROJECTS}) n, generate_series(${PACKED_UNTIL_HOUR}, ${END_HOUR - 1}) AS hour;
  INSERT INTO ledger.month
  SELECT 1, n, first_hour, first_hour + hours - 1,
         array_fill((1 + n % 64) * 3600000::bigint, ARRAY[packed]) || array_fill(0::bigint, ARRAY[hours - packed]), NULL,
         array_fill(24 * (1 + n % 64) * 3600000::bigint, ARRAY[packed / 24]) || array_fill(0::bigint, ARRAY[(hours - packed) / 24]), NULL
  FROM generate_series(1, 3 * ${PROJECTS}) n, (
    SELECT first_hour, hours, least(hours, ${PACKED_UNTIL_HOUR} - first_hour) AS packed
    FROM (SELECT (extract(epoch FROM m) / 3600)::int AS first_hour,
                 (extract(epoch FROM m + interval '1 month' - m) / 3600)::int AS hours
          FROM generate_series('2025-01-01'::timestamp, '2025-12-01', '1 month') AS m) months) lengths;
  VACUUM ANALYZE;`;

async function seconds(ask: () => Promise<string>): Promise<{ seconds: number; bytes: number }> {
  const startedMs = performance.now();
  const body = await ask();
  return { seconds: (performance.now() - startedMs) / 1000, bytes: body.length };
}

const folder = mkdtempSync(join(tmpdir(), 'stackmeter-bench-'));
const logger = silentLogger();
const database = new EmbeddedDatabase({ dataFolder: folder, logger });
try {
  const connection = await database.start();
  const clock = { nowMs: () => END_MS, sleep: async () => undefined };
  const store = await openDatabase(connection, logger);
  const ledger = await openLedger({ database: store, clock, logger });
  await ledger.declareSites([{ name: 'a', labels: {} }]);
  const client = new Client(connection);
  await client.connect();
  for (const statement of yearOfUsage.split(';').filter((text) => text.trim() !== ''))
    await client.query(statement);
  await client.end();
  const server = await createApiServer({
    ledger,
    accounts: new AccountStore({ database: store, clock }),
    metrics: createPortalMetrics(),
    clock,
    logger,
  });
  const ask = async (question: string) => {
    const { statusCode, body } = await server.inject(`/api/v1/usage?${question}`);
    if (statusCode !== 200) throw new Error(`${question}: ${statusCode} ${body}`);
    return body;
  };
  process.stdout.write('| question | seconds | size of the answer |\n| --- | --- | --- |\n');
  for (const [name, question] of Object.entries(QUESTIONS)) {
    const times = [];
    for (let time = 0; time < TIMES; time += 1) times.push(await seconds(async () => await ask(question)));
    const median = times.toSorted((one, other) => one.seconds - other.seconds)[Math.floor(TIMES / 2)];
    process.stdout.write(
      `| ${name} | ${median?.seconds.toFixed(2)} | ${((median?.bytes ?? 0) / 1e6).toFixed(2)} MB |\n`,
    );
  }
  await server.close();
  await ledger.close();
} finally {
  await database.close();
  rmSync(folder, { recursive: true, force: true });
}
