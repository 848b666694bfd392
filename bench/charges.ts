/**
 * Measures charges of all grants: `npx tsx bench/charges.ts [PROJECTS]`. Makes a year of PROJECTS (10,000) projects with
 * three resources and server hours in 2,000 grants on the embedded PostgreSQL. Asks for the list of grants with their
 * balances, and for the same list with the charge of each grant, in turns. Prints the medians of five.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { EVERYTHING } from '../src/portal/access/rights/scope.ts';
import { billFor } from '../src/portal/accounts/charged-usage.ts';
import { billingByAccount } from '../src/portal/accounts/charges/billing.ts';
import { grantBalances } from '../src/portal/accounts/grant-balances.ts';
import { priceBookDocument } from '../src/portal/accounts/price-books/documents.ts';
import { openDatabase } from '../src/portal/database/database.ts';
import { EmbeddedDatabase } from '../src/portal/database/embedded/embedded-database.ts';
import { DEFAULT_QUESTION_LIMITS } from '../src/portal/ledger/question-cost.ts';
import { openLedger } from '../src/portal/ledger/store/open-ledger.ts';
import { silentLogger } from '../src/runtime/logger.ts';
import { record, spreadOf } from './figures.ts';
import { grantsOf, presentGrant, staysOf } from './stays.ts';
import { END_MS, FIRST_HOUR, yearOfServerHours, yearOfUsage } from './year-of-usage.ts';

const PROJECTS = Number(process.argv[2] ?? 10_000);
const TIMES = 5;
const ACCOUNTS = 50;
const FROM_MS = FIRST_HOUR * 3_600_000;

const version = (from: string, price: string) => ({
  from,
  server: [{ name: 'servers', sum: [{ price, per: { vcpu: 1, mb: 4096 } }] }],
  states: { stopped: '0.5' },
  fallback: [{ resource: 'vcpu', price }],
});
const BOOK = priceBookDocument.parse({
  name: 'credits',
  unit: 'credits',
  scale: 2,
  rounding: 'half-up',
  version: [version('2025-01-01', '1')],
});

const folder = mkdtempSync(join(tmpdir(), 'stackmeter-bench-'));
const logger = silentLogger();
const database = new EmbeddedDatabase({ dataFolder: folder, logger });
try {
  const connection = await database.start();
  const clock = { nowMs: () => END_MS, sleep: async () => undefined };
  const limits = { ...DEFAULT_QUESTION_LIMITS, timeoutMs: 600_000 };
  const ledger = await openLedger({
    database: await openDatabase(connection, logger),
    clock,
    logger,
    limits,
  });
  await ledger.declareSites([{ name: 'a', labels: {} }]);
  const client = new Client(connection);
  await client.connect();
  for (const statement of [...yearOfUsage(PROJECTS), ...yearOfServerHours(PROJECTS)])
    await client.query(statement);
  await client.end();

  const grants = grantsOf(staysOf(PROJECTS, 'hours')).map(presentGrant);
  const names = Array.from({ length: ACCOUNTS }, (_, index) => `account ${index}`);
  const billing = billingByAccount(
    grants.map(({ name }, index) => ({ name, account: names[index % ACCOUNTS] })),
    names.map((account) => ({ account, books: [{ fromMs: FROM_MS, book: BOOK }] })),
  );
  const question = { scope: EVERYTHING, grants };
  const list = async () => await grantBalances(ledger, question, END_MS);
  const bill = async () =>
    await billFor(
      ledger,
      { ...question, fromMs: FROM_MS, toMs: END_MS, step: 'total', by: new Set(['grant']), limit: 2 ** 31 },
      billing,
    );
  const times = { list: [] as number[], both: [] as number[] };
  for (let time = 0; time < TIMES; time += 1) {
    const startedMs = performance.now();
    await list();
    const listedMs = performance.now();
    await list();
    const { rows } = await bill();
    const billedMs = performance.now();
    if (rows.length !== grants.length) throw new Error(`${rows.length} charges of ${grants.length} grants`);
    times.list.push(listedMs - startedMs);
    times.both.push(billedMs - listedMs);
  }
  record({
    name: `the list of ${grants.length.toLocaleString('en-US')} grants with charges`,
    unit: 'ms',
    values: times.both,
    peer: { name: 'without', values: times.list },
    goal: 3,
  });
  const [both, without] = [spreadOf(times.both).median, spreadOf(times.list).median];
  process.stdout.write(
    `list ${without.toFixed(0)} ms, with charges ${both.toFixed(0)} ms, ratio ${(both / without).toFixed(2)}\n`,
  );
  await ledger.close();
} finally {
  await database.close();
  rmSync(folder, { recursive: true, force: true });
}
