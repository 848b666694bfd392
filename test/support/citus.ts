import { readFileSync } from 'node:fs';
import { Client } from 'pg';
import type { DatabaseConnection } from '../../src/portal/database/connection.ts';
import { runSql } from './postgresql-server.ts';

/** The script that distributes a ledger. */
export const DISTRIBUTE = readFileSync(new URL('../../deploy/citus/distribute.sql', import.meta.url), 'utf8');

/** Runs the script; returns the lines that say what it did. */
export async function distribute(connection: DatabaseConnection): Promise<string[]> {
  const client = new Client(connection);
  await client.connect();
  try {
    const lines: string[] = [];
    for (const statement of topStatements(DISTRIBUTE)) {
      const { rows } = await client.query<{ step?: string }>(statement);
      lines.push(...rows.flatMap(({ step }) => step ?? []));
    }
    return lines;
  } finally {
    await client.end();
  }
}

/** The statements of a script, as psql runs them: a semicolon at the end of a line ends one outside of `$$`. */
function topStatements(script: string): string[] {
  const parts = script.replaceAll(/^--.*$/gm, '').split('$$');
  // A mark that the script does not contain stands for each end of a statement.
  const marked = parts.map((part, index) => (index % 2 === 0 ? part.replaceAll(/;\s*\n/g, '\0') : part));
  return marked
    .join('$$')
    .split('\0')
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}

/** A Citus cluster for tests: its coordinator, and its workers with the same user and password. */
export interface Citus {
  coordinator: URL;
  workers: readonly URL[];
}

/** The cluster that LEDGER_TEST_DATABASE_URL and LEDGER_TEST_WORKERS (`host:port,…`) name; undefined without them. */
export function citusOfEnvironment(): Citus | undefined {
  const { LEDGER_TEST_DATABASE_URL: url, LEDGER_TEST_WORKERS: names = '' } = process.env;
  if (url === undefined) return undefined;
  const workers = names
    .split(',')
    .filter((name) => name !== '')
    .map((name) => {
      const worker = new URL(url);
      worker.host = name;
      return worker;
    });
  return { coordinator: new URL(url), workers };
}

/** Prepares a database that was created on the coordinator: creates it on all workers, and joins them. */
export async function joinNodes({ coordinator, workers }: Citus, database: string): Promise<void> {
  for (const worker of workers)
    await runSql({ connectionString: worker.href }, `CREATE DATABASE ${database}`);
  for (const node of [coordinator, ...workers])
    await runSql(inDatabase(node, database), 'CREATE EXTENSION citus');
  const first = inDatabase(coordinator, database);
  const { hostname, port } = coordinator;
  await runSql(first, `SELECT citus_set_coordinator_host('${hostname}', ${port || 5432})`);
  for (const worker of workers)
    await runSql(first, `SELECT citus_add_node('${worker.hostname}', ${worker.port || 5432})`);
}

/** Drops the parts of a database that are on the workers. */
export async function dropOnWorkers({ workers }: Citus, database: string): Promise<void> {
  for (const worker of workers)
    await runSql({ connectionString: worker.href }, `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
}

function inDatabase(node: URL, database: string): { connectionString: string } {
  const url = new URL(node);
  url.pathname = `/${database}`;
  return { connectionString: url.href };
}
