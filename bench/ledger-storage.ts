/**
 * Measures the bytes of an hour of a meter in the ledger: `node_modules/.bin/tsx bench/ledger-storage.ts [METERS]`. Makes a
 * year of METERS (200) meters on the embedded PostgreSQL, packs it like a portal, and measures the tables with their
 * indices. Amounts are similar to those of servers: mostly the same as in the hour before, sometimes a part of an hour.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { EmbeddedDatabase } from '../src/portal/database/embedded/embedded-database.ts';
import { record } from './figures.ts';
import { openLedger } from '../src/portal/ledger/store/open-ledger.ts';
import { silentLogger } from '../src/runtime/logger.ts';
import { openDatabase } from '../src/portal/database/database.ts';

const METERS = Number(process.argv[2] ?? 200);
const HOURS = 365 * 24;
const FIRST_HOUR = Date.UTC(2025, 0, 1) / 3_600_000;
/** The bench fails if a year of server hours, of 10,000 projects × 4 flavors and states, takes more than 2.5 GB. */
const PROMISED_METERS = 40_000;
const PROMISED_GB = 2.5;

interface Shape {
  name: string;
  /** The share of hours with a random amount. Other hours repeat the hour before. */
  changing: number;
  /** Whether a meter rests at times, as the hours of a state do. */
  rests: boolean;
}

const SHAPES: readonly Shape[] = [
  { name: 'steady servers', changing: 0.05, rests: false },
  { name: 'states that come and go', changing: 0.05, rests: true },
  { name: 'every third hour changes', changing: 1 / 3, rests: false },
  { name: 'every hour changes', changing: 1, rests: false },
];

function yearOfEntries({ changing, rests }: Shape): string {
  return `
    INSERT INTO ledger.entry (site_id, meter_id, hour, amount, spread)
    SELECT 1, meter, ${FIRST_HOUR} + hour,
           CASE WHEN random() < ${changing} THEN 1 + (random() * 64 * 3600000)::bigint
                ELSE (1 + (meter + hour / 500) % 64) * 3600000::bigint END, 0
    FROM generate_series(1, ${METERS}) AS meter, generate_series(0, ${HOURS - 1}) AS hour
    WHERE ${rests ? '(meter + hour / (20 + meter % 100)) % 3 = 0' : 'true'}`;
}

async function measure(shape: Shape): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'stackmeter-bench-'));
  const database = new EmbeddedDatabase({ dataFolder: folder, logger: silentLogger() });
  try {
    const connection = await database.start();
    const clock = { nowMs: () => (FIRST_HOUR + HOURS + 72) * 3_600_000, sleep: async () => undefined };
    const ledger = await openLedger({
      database: await openDatabase(connection, silentLogger()),
      clock,
      logger: silentLogger(),
    });
    await ledger.declareSites([{ name: 'a', labels: {} }]);
    const client = new Client(connection);
    await client.connect();
    await client.query(`INSERT INTO ledger.cloud VALUES (1, 1, '', 0, 0, 0); INSERT INTO ledger.resource VALUES (1, 1, 'vcpu');
      INSERT INTO ledger.project SELECT 1, n, 1, n::text FROM generate_series(1, ${METERS}) n;
      INSERT INTO ledger.meter SELECT 1, n, n, 1, 1, 0, 0, 0, 0 FROM generate_series(1, ${METERS}) n`);
    await client.query(yearOfEntries(shape));
    const asEntries = await bytesOf(client, 'ledger.entry');
    const startMs = performance.now();
    const { packed } = await ledger.maintain();
    const seconds = (performance.now() - startMs) / 1000;
    await report(shape.name, asEntries / packed, await bytesOf(client, 'ledger.month'), packed / seconds);
    await client.end();
    await ledger.close();
  } finally {
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function bytesOf(client: Client, table: string): Promise<number> {
  const { rows } = await client.query<{ bytes: string }>(
    `SELECT pg_total_relation_size('${table}') AS bytes`,
  );
  return Number(rows[0]?.bytes ?? 0);
}

async function report(name: string, asEntry: number, bytes: number, hoursPerSecond: number): Promise<void> {
  const yearGb = (bytes / METERS) * (PROMISED_METERS / 1e9);
  const packed = bytes / METERS / HOURS;
  process.stdout.write(
    `${name}: ${asEntry.toFixed(1)} bytes an hour of a meter as an entry, ${packed.toFixed(2)} packed ` +
      `(${Math.round(hoursPerSecond)} hours a second): a year of ${PROMISED_METERS} meters takes ${yearGb.toFixed(2)} GB of ${PROMISED_GB}\n`,
  );
  record({
    name: `a year of ${PROMISED_METERS.toLocaleString('en-US')} meters, ${name}`,
    unit: 'GB',
    values: [yearGb],
    goal: PROMISED_GB,
  });
  if (yearGb > PROMISED_GB) process.exitCode = 1;
}

for (const shape of SHAPES) await measure(shape);
