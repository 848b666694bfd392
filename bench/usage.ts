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
import { END_MS, yearOfUsage } from './year-of-usage.ts';

const PROJECTS = Number(process.argv[2] ?? 10_000);
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
  for (const statement of yearOfUsage(PROJECTS)) await client.query(statement);
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
